import { isId } from './id.ts'
import { MessageType } from './message.ts'
import type { ErrorMessage, RouterMessage } from './message.ts'
import type { Payload } from './payload.ts'
import { isName } from './uri.ts'
import { ProtocolViolation } from './violation.ts'
import { faultOf, isDict, isIdOrZero, isRequestType, isString } from './wire-value.ts'
import type { Check } from './wire-value.ts'

/** An element of a message: its field and its type. */
type Field<M> = readonly [name: Exclude<keyof M, 'type' | 'payload'> & string, check: Check, presence?: 'optional']

/** A message's elements after its code; `payload` if args and kwargs may follow. */
export interface Layout<M> {
  readonly fields: readonly Field<M>[]
  readonly payload: M extends { payload: Payload } ? true : false
}

/** A layout as the walkers read it, without the message's own type. */
export interface PlainLayout {
  readonly fields: readonly (readonly [name: string, check: Check, presence?: 'optional'])[]
  readonly payload: boolean
}

type RouterFormat = { readonly [M in Exclude<RouterMessage, ErrorMessage> as M['type']]: Layout<M> }

/** The elements of each message of the router in their order on the wire. ERROR is separate, because clients send it as well. */
export const routerFormat: RouterFormat = {
  [MessageType.Welcome]: { fields: [['session', isId], ['details', isDict]], payload: false },
  [MessageType.Challenge]: { fields: [['authmethod', isString], ['extra', isDict]], payload: false },
  [MessageType.Published]: { fields: [['request', isId], ['publication', isId]], payload: false },
  [MessageType.Subscribed]: { fields: [['request', isId], ['subscription', isId]], payload: false },
  [MessageType.Unsubscribed]: { fields: [['request', isIdOrZero], ['details', isDict, 'optional']], payload: false },
  [MessageType.Event]: { fields: [['subscription', isId], ['publication', isId], ['details', isDict]], payload: true },
  [MessageType.Result]: { fields: [['request', isId], ['details', isDict]], payload: true },
  [MessageType.Registered]: { fields: [['request', isId], ['registration', isId]], payload: false },
  [MessageType.Unregistered]: { fields: [['request', isIdOrZero], ['details', isDict, 'optional']], payload: false },
  [MessageType.Invocation]: { fields: [['request', isId], ['registration', isId], ['details', isDict]], payload: true },
  [MessageType.Interrupt]: { fields: [['request', isId], ['options', isDict]], payload: false },
  [MessageType.Abort]: { fields: [['details', isDict], ['reason', isName]], payload: true },
  [MessageType.Goodbye]: { fields: [['details', isDict], ['reason', isName]], payload: false },
}

// Clients may only send ERROR for INVOCATION. The router's ERROR answers any request.
const errorOfRouter: Layout<ErrorMessage> = {
  fields: [['requestType', isRequestType], ['request', isId], ['details', isDict], ['error', isName]], payload: true
}

/** The layouts of the messages that the router may send, by code. */
export const routerLayouts: Readonly<Record<number, PlainLayout>> = { ...routerFormat, [MessageType.Error]: errorOfRouter }

/**
 * The checked fields of a message, and its type.
 * Throws a ProtocolViolation that names the message, as it is given, and the field at fault.
 */
export function readFields (message: string, { fields, payload }: PlainLayout, elements: readonly unknown[]): Record<string, unknown> {
  const given = elements.length - 1
  if (given > fields.length && !payload) throw new ProtocolViolation(`${message} has too many elements`)
  const read: Record<string, unknown> = { type: elements[0] }
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    const name = field[0]
    if (i >= given) {
      if (field[2] === 'optional') break
      throw new ProtocolViolation(`${message} lacks its ${name}`)
    }
    const value = elements[i + 1]
    const result = field[1](value)
    if (result !== true) throw new ProtocolViolation(`${message}.${name}${faultOf(result)}`)
    read[name] = value
  }
  return read
}
