import { isId } from './id.ts'
import { MessageType } from './message.ts'
import type { ErrorMessage, Message, RouterMessage } from './message.ts'
import type { Payload } from './payload.ts'
import { isName } from './uri.ts'
import { ProtocolViolation } from './violation.ts'
import { faultOf, isDict, isIdOrZero, isRequestType, isString } from './wire-value.ts'
import type { Check } from './wire-value.ts'

/** An element of a message: its field and its type. */
type Field<M> = readonly [name: Exclude<keyof M, 'type' | 'payload'> & string, check: Check, presence?: 'optional']

/** The elements of a message between its code and its payload. */
export type Fields<M> = readonly Field<M>[]

/** The fields of any message. */
export type PlainFields = readonly (readonly [name: string, check: Check, presence?: 'optional'])[]

/** The elements of a message after its code. */
export interface Layout {
  readonly fields: PlainFields
  /** True if args and kwargs may follow the fields. */
  readonly payload: boolean
}

type RouterFormat = { readonly [M in Exclude<RouterMessage, ErrorMessage> as M['type']]: Fields<M> }

/** The codes of the messages in which args and kwargs may follow the fields: ABORT, ERROR, PUBLISH, EVENT, CALL, RESULT, INVOCATION and YIELD. */
export const codesWithPayload: ReadonlyArray<Extract<Message, { payload: Payload }>['type']> = [3, 8, 16, 36, 48, 50, 68, 70]

/** The elements of each message of the router in their order on the wire. ERROR is separate, because clients send it as well. */
export const routerFormat: RouterFormat = {
  [MessageType.Welcome]: [['session', isId], ['details', isDict]],
  [MessageType.Challenge]: [['authmethod', isString], ['extra', isDict]],
  [MessageType.Published]: [['request', isId], ['publication', isId]],
  [MessageType.Subscribed]: [['request', isId], ['subscription', isId]],
  [MessageType.Unsubscribed]: [['request', isIdOrZero], ['details', isDict, 'optional']],
  [MessageType.Event]: [['subscription', isId], ['publication', isId], ['details', isDict]],
  [MessageType.Result]: [['request', isId], ['details', isDict]],
  [MessageType.Registered]: [['request', isId], ['registration', isId]],
  [MessageType.Unregistered]: [['request', isIdOrZero], ['details', isDict, 'optional']],
  [MessageType.Invocation]: [['request', isId], ['registration', isId], ['details', isDict]],
  [MessageType.Interrupt]: [['request', isId], ['options', isDict]],
  [MessageType.Abort]: [['details', isDict], ['reason', isName]],
  [MessageType.Goodbye]: [['details', isDict], ['reason', isName]],
}

// Clients may only send ERROR for INVOCATION. The router's ERROR answers any request.
const errorOfRouter: Fields<ErrorMessage> = [['requestType', isRequestType], ['request', isId], ['details', isDict], ['error', isName]]

/** The fields of the messages that the router may send, by code. */
export const routerFields: Readonly<Record<number, PlainFields>> = { ...routerFormat, [MessageType.Error]: errorOfRouter }

/**
 * The checked fields of a message, and its type.
 * Throws a ProtocolViolation that names the message, as it is given, and the field at fault.
 */
export function readFields (message: string, { fields, payload }: Layout, elements: readonly unknown[]): Record<string, unknown> {
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
