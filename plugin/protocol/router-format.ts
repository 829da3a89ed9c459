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
  readonly name: string
  readonly from: 'client' | 'router' | 'both'
  readonly fields: readonly Field<M>[]
  readonly payload: M extends { payload: Payload } ? true : false
}

/** A layout without the message's own type, for generic code. */
export interface MessageLayout {
  readonly name: string
  readonly from: 'client' | 'router' | 'both'
  readonly fields: readonly (readonly [name: string, check: Check, presence?: 'optional'])[]
  readonly payload: boolean
}

type RouterFormat = { readonly [M in Exclude<RouterMessage, ErrorMessage> as M['type']]: Layout<M> }

/** The elements of each message of the router in their order on the wire. ERROR is separate, because clients send it as well. */
export const routerFormat: RouterFormat = {
  [MessageType.Welcome]: { name: 'WELCOME', from: 'router', fields: [['session', isId], ['details', isDict]], payload: false },
  [MessageType.Challenge]: { name: 'CHALLENGE', from: 'router', fields: [['authmethod', isString], ['extra', isDict]], payload: false },
  [MessageType.Published]: { name: 'PUBLISHED', from: 'router', fields: [['request', isId], ['publication', isId]], payload: false },
  [MessageType.Subscribed]: { name: 'SUBSCRIBED', from: 'router', fields: [['request', isId], ['subscription', isId]], payload: false },
  [MessageType.Unsubscribed]: { name: 'UNSUBSCRIBED', from: 'router', fields: [['request', isIdOrZero], ['details', isDict, 'optional']], payload: false },
  [MessageType.Event]: { name: 'EVENT', from: 'router', fields: [['subscription', isId], ['publication', isId], ['details', isDict]], payload: true },
  [MessageType.Result]: { name: 'RESULT', from: 'router', fields: [['request', isId], ['details', isDict]], payload: true },
  [MessageType.Registered]: { name: 'REGISTERED', from: 'router', fields: [['request', isId], ['registration', isId]], payload: false },
  [MessageType.Unregistered]: { name: 'UNREGISTERED', from: 'router', fields: [['request', isIdOrZero], ['details', isDict, 'optional']], payload: false },
  [MessageType.Invocation]: { name: 'INVOCATION', from: 'router', fields: [['request', isId], ['registration', isId], ['details', isDict]], payload: true },
  [MessageType.Interrupt]: { name: 'INTERRUPT', from: 'router', fields: [['request', isId], ['options', isDict]], payload: false },
  [MessageType.Abort]: { name: 'ABORT', from: 'both', fields: [['details', isDict], ['reason', isName]], payload: true },
  [MessageType.Goodbye]: { name: 'GOODBYE', from: 'both', fields: [['details', isDict], ['reason', isName]], payload: false },
}

// Clients may only send ERROR for INVOCATION. The router's ERROR answers any request.
const errorOfRouter: Layout<ErrorMessage> = {
  name: 'ERROR', from: 'router', fields: [['requestType', isRequestType], ['request', isId], ['details', isDict], ['error', isName]], payload: true
}
const layouts: Readonly<Record<number, MessageLayout>> = { ...routerFormat, [MessageType.Error]: errorOfRouter }

/**
 * The layout of a message that the router may send.
 * Throws a ProtocolViolation for any other code.
 */
export function routerLayout (code: unknown): MessageLayout {
  const layout = typeof code === 'number' ? layouts[code] : undefined
  if (layout === undefined) throw new ProtocolViolation('an unknown message')
  return layout
}

/** Validates the fields of a message. Returns them with its type. Throws a ProtocolViolation that names the message and the invalid field. */
export function readFields ({ name: message, fields, payload }: MessageLayout, elements: readonly unknown[]): Record<string, unknown> {
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
