import { isId } from './id.ts'
import { MessageType } from './message.ts'
import type { ErrorMessage, Message, RouterMessage } from './message.ts'
import type { Payload } from './payload.ts'
import { isName } from './uri.ts'
import { isDict, isIdOrZero, isRequestType, isString } from './wire-value.ts'
import type { Check } from './wire-value.ts'

/** An element of a message: its field and its type. */
type Field<M> = readonly [name: Exclude<keyof M, 'type' | 'payload'> & string, check: Check, presence?: 'optional']

/** The elements of a message between its code and its payload. */
export type Fields<M> = readonly Field<M>[]

/** The fields of any message. */
export type PlainFields = readonly (readonly [name: string, check: Check, presence?: 'optional'])[]

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
