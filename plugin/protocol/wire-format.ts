import { isId } from './id.ts'
import { faultOf, hasManyObjects, isAttribute, isBoolean, isDict, isDictOrNull, isErrorType, isString, isUriOrNull, listOf, MOST_OBJECTS, oneOf, optionsOf } from './wire-value.ts'
import { MessageType } from './message.ts'
import type { ClientMessage, Dict, Message, MessageCode } from './message.ts'
import { packingAttributes, usesTransparency } from './passthru.ts'
import type { Payload } from './payload.ts'
import { requestOptions } from './request-options.ts'
import { codesWithPayload, routerFormat } from './router-format.ts'
import type { Fields, PlainFields } from './router-format.ts'
import { isUri, LONGEST_URI } from './uri.ts'
import { ProtocolViolation } from './violation.ts'

/** The elements of a message after its code, its name, and its permitted senders. */
export interface MessageLayout {
  readonly fields: PlainFields
  /** True if args and kwargs may follow the fields. */
  readonly payload: boolean
  readonly name: string
  readonly from: 'client' | 'router' | 'both'
}

type WireFormat = { readonly [M in Message as M['type']]: Fields<M> }

const helloDetails = optionsOf({ roles: isDict, authmethods: listOf(isString), authid: isAttribute, authrole: isAttribute, authextra: isDict, agent: isString })
const cancelOptions = optionsOf({ mode: oneOf('skip', 'kill', 'killnowait') })
const yieldOptions = optionsOf({ progress: isBoolean, ...packingAttributes })

/** An ERROR has no answer, so a URI that is too long is a protocol violation. */
const isErrorUri = (value: unknown): boolean => isUri(value) && value.length <= LONGEST_URI

// The URIs of requests are validated in the realm, because an invalid one causes an ERROR, not an ABORT.
/** The fields of every message in their order on the wire: the only definition of it [basic, Message Definitions]. */
export const wireFormat: WireFormat = {
  ...routerFormat,
  [MessageType.Hello]: [['realm', isUriOrNull], ['details', helloDetails]],
  [MessageType.Authenticate]: [['signature', isString], ['extra', isDictOrNull]],
  [MessageType.Error]: [['requestType', isErrorType], ['request', isId], ['details', isDict], ['error', isErrorUri]],
  [MessageType.Publish]: [['request', isId], ['options', optionsOf({ ...requestOptions[MessageType.Publish], ...packingAttributes })], ['topic', isString]],
  [MessageType.Subscribe]: [['request', isId], ['options', optionsOf(requestOptions[MessageType.Subscribe])], ['topic', isString]],
  [MessageType.Unsubscribe]: [['request', isId], ['subscription', isId], ['options', isDict, 'optional']],
  [MessageType.Call]: [['request', isId], ['options', optionsOf({ ...requestOptions[MessageType.Call], ...packingAttributes })], ['procedure', isString]],
  [MessageType.Cancel]: [['request', isId], ['options', cancelOptions]],
  [MessageType.Register]: [['request', isId], ['options', optionsOf(requestOptions[MessageType.Register])], ['procedure', isString]],
  [MessageType.Unregister]: [['request', isId], ['registration', isId], ['options', isDict, 'optional']],
  [MessageType.Yield]: [['request', isId], ['options', yieldOptions]]
}

const sentByBoth: ReadonlySet<MessageCode> = new Set([MessageType.Abort, MessageType.Goodbye, MessageType.Error])
const payloads: readonly MessageCode[] = codesWithPayload
const layouts = Array.from<MessageLayout | undefined>({ length: 71 })
for (const [name, code] of Object.entries(MessageType)) {
  const from = sentByBoth.has(code) ? 'both' : code in routerFormat ? 'router' : 'client'
  layouts[code] = { fields: wireFormat[code], payload: payloads.includes(code), name: name.toUpperCase(), from }
}

/**
 * The layout of a message that a client may send.
 * Throws a ProtocolViolation for any other code.
 */
export function clientLayout (code: unknown): MessageLayout {
  if (typeof code !== 'number' || !Number.isInteger(code)) throw new ProtocolViolation('a message starts with an integer code')
  const layout = layouts[code]
  if (layout === undefined) throw new ProtocolViolation(`there is no message with code ${code}`)
  if (layout.from === 'router') throw new ProtocolViolation(`clients must not send ${layout.name}`)
  return layout
}

/** The layout of a message that a client may send with args and kwargs, or undefined for any other code. */
export function layoutWithPayload (code: number): MessageLayout | undefined {
  const layout = layouts[code]
  return layout?.payload === true && layout.from !== 'router' ? layout : undefined
}

/** The layout of a message. */
export function layoutOf (code: MessageCode): MessageLayout {
  return layouts[code]!
}

/**
 * The message with these elements, the code first. If the layout has a payload, the codec has created it from the elements after the
 * fields, which are ignored here. Throws a ProtocolViolation that names the message and the invalid field.
 */
export function toMessage (layout: MessageLayout, elements: readonly unknown[], payload: Payload): ClientMessage {
  const message = readFields(layout, elements)
  if (layout.payload) {
    if (payload.isOctets && !usesTransparency((message.options ?? message.details) as Dict)) throw new ProtocolViolation(`${layout.name}.Arguments is not a list`)
    message.payload = payload
  }
  return message as unknown as ClientMessage
}

/**
 * The checked fields of a message, and its type.
 * Throws a ProtocolViolation that names the message and the field at fault.
 */
function readFields ({ name: message, fields, payload }: MessageLayout, elements: readonly unknown[]): Record<string, unknown> {
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
    if (hasManyObjects(value)) throw new ProtocolViolation(`${message}.${name} contains more than ${MOST_OBJECTS} lists and dicts`)
    read[name] = value
  }
  return read
}

/** The elements of a message before its payload, the code first, in the form that all codecs encode. */
export function toElements (message: Message): unknown[] {
  const elements: unknown[] = [message.type]
  const values = message as unknown as Readonly<Record<string, unknown>>
  const { fields } = layoutOf(message.type)
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!
    const value = values[field[0]]
    if (value === undefined && field[2] === 'optional') break
    elements.push(value)
  }
  return elements
}
