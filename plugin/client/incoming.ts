import type { RouterMessage } from '../protocol/message.ts'
import type { Args, Kwargs } from '../protocol/values.ts'
import { codesWithPayload, routerFields } from '../protocol/router-format.ts'
import type { Dict } from '../protocol/message-options.ts'
import { isDict } from '../protocol/wire-value.ts'

/** A message of the router, its args and kwargs as values; both are empty where the message has none. */
export type Incoming = PlainOf<RouterMessage>
type PlainOf<M> = M extends RouterMessage ? Omit<M, 'payload'> & { readonly args: Args, readonly kwargs: Kwargs } : never

/** Checks what a serializer has read. Throws an error that names the message and the field at fault. */
export function readMessage (given: unknown): Incoming {
  const list = (given ?? []) as unknown[]
  const type = list[0] as number
  const message: Record<string, unknown> = { type }
  const check = (name: string, isValid: boolean): void => { if (!isValid) throw new TypeError(`message ${type}: invalid ${name}`) }
  let i = 1
  for (const [name, isValid, presence] of routerFields[type] ?? unexpected()) {
    const value = message[name] = list[i]
    check(name, isValid(value) === true || (presence !== undefined && list.length <= i))
    i++
  }
  // With `enc_algo`, octets may take the place of args: they become the only one.
  const args = message.args = (message.details as Dict | undefined)?.enc_algo ? [list[i] ?? []].flat() : list[i] ?? []
  const kwargs = message.kwargs = list[i + 1] ?? {}
  check('args', Array.isArray(args) && isDict(kwargs) && list.length <= i + 2 && (list.length <= i || codesWithPayload.includes(type as never)))
  return message as unknown as Incoming
}

/** Throws an error for a message that may not come now, or never. */
export function unexpected (): never {
  throw new TypeError('unexpected message')
}
