import type { RouterMessage } from '../protocol/message.ts'
import type { Args, Kwargs } from '../protocol/values.ts'
import { codesWithPayload, routerFields } from '../protocol/router-format.ts'
import { isDict } from '../protocol/wire-value.ts'

/** A message of the router, its args and kwargs as values; both are empty where the message has none. */
export type Incoming = PlainOf<RouterMessage>
type PlainOf<M> = M extends RouterMessage ? Omit<M, 'payload'> & { readonly args: Args, readonly kwargs: Kwargs } : never

/** Checks what a serializer has read. Throws an error that names the message and the field at fault. */
export function readMessage (list: unknown): Incoming {
  const [type, ...values] = Array.isArray(list) ? list as unknown[] : []
  const fields = routerFields[type as number] ?? unexpected()
  const message: Record<string, unknown> = { type }
  const check = (name: string, isValid: boolean): void => { if (!isValid) throw new TypeError(`message ${type}: invalid ${name}`) }
  fields.forEach(([name, isValid, presence], i) => {
    const value = message[name] = values[i]
    check(name, isValid(value) === true || (presence !== undefined && values.length <= i))
  })
  const [args, kwargs, ...more] = values.slice(fields.length)
  message.args = args ?? []
  message.kwargs = kwargs ?? {}
  check('payload', Array.isArray(message.args) && isDict(message.kwargs) && more.length === 0 && (args === undefined || codesWithPayload.includes(type as never)))
  return message as unknown as Incoming
}

/** Throws an error for a message that may not come now, or never. */
export function unexpected (): never {
  throw new TypeError('an unexpected message')
}
