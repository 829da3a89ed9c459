import { jsonCodec } from '../plugin/codec/json-codec.ts'
import { valuesEnd } from '../plugin/codec/json-text.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import type { Dict, EventMessage } from '../plugin/protocol/message.ts'
import { ownOctets } from '../plugin/protocol/own-octets.ts'
import type { Payload } from '../plugin/protocol/payload.ts'
import { spend, spendOctets } from '../plugin/work.ts'

/** The parts of an EVENT that a stream needs. */
export type PublishedEvent = Pick<EventMessage, 'publication' | 'details' | 'payload'>

/** The octets of an event, or null if its values have no form in JSON, and the details that all receivers of these octets are given. */
interface Written { readonly details: Dict, readonly octets: Buffer | null }

/** Units of work to look up an event. */
const UNITS_OF_LOOK = 2
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

/** The events that were written in this turn. All streams that receive an event share its octets. */
const written = new Map<string, Written>()

/**
 * The octets of an event as a client reads it. A retained event has no id, because a client cannot resume from it. The payload is encoded once
 * for all receivers of JSON, and not decoded if it arrived as JSON. Returns null for values that have no form in JSON, and passes the error to `failed` the first time.
 */
export function octetsOf (subscribed: string, event: PublishedEvent, failed: (error: unknown) => void): Buffer | null {
  const { details, publication } = event
  // For a pattern, the topic is in the details of the event.
  const topic = String(details['topic'] ?? subscribed)
  const key = `${publication} ${topic}`
  const known = written.get(key)
  spend(UNITS_OF_LOOK)
  if (known?.details === details) return known.octets
  let octets = null
  try {
    octets = textOf(topic, event)
  } catch (error) {
    failed(error)
  }
  if (written.size === 0) setImmediate(() => { written.clear() })
  written.set(key, { details, octets })
  return octets
}

function textOf (topic: string, { payload, details, publication }: PublishedEvent): Buffer {
  const id = details['retained'] === true ? '' : `id: ${publication}\n`
  const octets = ownOctets([
    Buffer.from(`${id}data: {"topic":${stringifyValue(topic)},`), payloadMembers(payload), Buffer.from(`,"details":${stringifyValue(details)}}\n\n`)
  ])
  spendOctets(octets.length)
  return octets
}

/** The members `args` and `kwargs` of an object, on one line. */
function payloadMembers (payload: Payload): Buffer {
  const { elements, bytes } = payload.in(jsonCodec)
  if (elements === 0) return Buffer.from('"args":[],"kwargs":{}')
  const argsEnd = elements === 1 ? bytes.length : valuesEnd(bytes, 0, 1)
  const kwargs = elements === 1 ? Buffer.from('{}') : bytes.subarray(argsEnd + 1)
  const [open, close] = payload.isOctets ? ['[', ']'] : ['', '']
  const members = Buffer.concat([Buffer.from(`"args":${open}`), bytes.subarray(0, argsEnd), Buffer.from(`${close},"kwargs":`), kwargs])
  spendOctets(members.length)
  if (members.includes(LF) || members.includes(CR)) joinLines(members)
  return members
}

/** Replaces line breaks by spaces. In JSON, they only occur between values: those in strings are escaped. */
function joinLines (text: Buffer): void {
  for (let i = 0; i < text.length; i++) if (text[i] === LF || text[i] === CR) text[i] = SPACE
}
