import type { RouterMessage } from '../protocol/message.ts'
import type { Args, Kwargs } from '../protocol/values.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { readFields, routerLayout } from '../protocol/router-format.ts'
import { isDict } from '../protocol/wire-value.ts'

/** A message of the router, its args and kwargs as values; both are empty where the message has none. */
export type Incoming = PlainOf<RouterMessage>
type PlainOf<M> = M extends RouterMessage ? Omit<M, 'payload'> & { readonly args: Args, readonly kwargs: Kwargs } : never

/** Checks what a serializer has read. Throws a ProtocolViolation that names the message and the field at fault. */
export function readMessage (list: unknown): Incoming {
  if (!Array.isArray(list)) throw new ProtocolViolation('not a list')
  const layout = routerLayout(list[0])
  const name = `message ${list[0]}`
  const message = readFields(name, layout, list)
  const head = layout.fields.length + 1
  const args: unknown = list[head] ?? []
  const kwargs: unknown = list[head + 1] ?? {}
  if (list.length > head + 2 || !Array.isArray(args) || !isDict(kwargs)) throw new ProtocolViolation(`${name} has the wrong args or kwargs`)
  message.args = args
  message.kwargs = kwargs
  return message as unknown as Incoming
}
