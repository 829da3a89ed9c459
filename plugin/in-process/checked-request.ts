import { didYouMean } from '../did-you-mean.ts'
import { errors } from '../errors.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import { checkOptions, requestOptions } from '../protocol/request-options.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { layoutOf, toElements, toMessage } from '../protocol/wire-format.ts'
import { isDict } from '../protocol/wire-value.ts'

/** The options that are functions and signals, and not sent. */
const local = ['signal', 'onProgress']

/** A message that conforms to the wire table, and whose options are all known. Throws WAMP_ERR_INVALID_MESSAGE, which names the field. */
export function checked<M extends ClientMessage> (message: M): M {
  checkRequest(message)
  try {
    toMessage(layoutOf(message.type), toElements(message), Payload.empty)
    return message
  } catch (error) {
    throw error instanceof ProtocolViolation ? new errors.WAMP_ERR_INVALID_MESSAGE(error.message) : error
  }
}

function checkRequest (message: ClientMessage): void {
  const { type } = message
  if (type !== MessageType.Call && type !== MessageType.Publish && type !== MessageType.Subscribe && type !== MessageType.Register) return
  const field = `${layoutOf(type).name}.options`
  // The wire table reports options that are no dict.
  if (!isDict(message.options)) return
  if (type === MessageType.Call && message.options.progress === true) throw new errors.WAMP_ERR_INVALID_MESSAGE(`${field}.progress: sessions of the app send their input in one message`)
  const refuse = (name: string, fault: string): never => {
    const known = [...Object.keys(requestOptions[type]), ...type === MessageType.Call ? local : []]
    throw new errors.WAMP_ERR_INVALID_MESSAGE(`${field}.${name}${fault}${known.includes(name) ? valueHint(name, fault) : didYouMean(name, known)}`)
  }
  // Options may be those of a client of the HTTP bridge.
  for (const name in message.options) if (name in Object.prototype) refuse(name, ' is not an option')
  checkOptions(type, 'topic' in message ? message.topic : message.procedure, message.options, refuse)
}

function valueHint (name: string, fault: string): string {
  if (name === 'timeout') return ': it must be a whole number of milliseconds'
  return fault.endsWith('"*"') ? ': write "a." with match "prefix", or "a..c" with match "wildcard"' : ''
}

/** Throws WAMP_ERR_INVALID_MESSAGE for options that are not an object, and for a signal or a callback that is none; `method` is the called one. */
export function checkLocalOptions (method: string, options: object): void {
  const refuse = (fault: string): never => { throw new errors.WAMP_ERR_INVALID_MESSAGE(`${method}.options${fault}`) }
  if (!isDict(options)) return refuse(' must be an object')
  const { signal, onProgress } = options as { signal?: unknown, onProgress?: unknown }
  if (signal !== undefined && !(signal instanceof AbortSignal)) refuse('.signal must be an AbortSignal')
  if (onProgress !== undefined && typeof onProgress !== 'function') refuse('.onProgress must be a function')
}
