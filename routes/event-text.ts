import { stringifyValue } from '../plugin/codec/json-writer.ts'
import type { Received } from '../plugin/peer/session-types.ts'
import type { Dict } from '../plugin/protocol/message.ts'

/** The octets of an event, and the details that all are given who are sent the same. */
interface Written { readonly details: Dict, readonly octets: Buffer }

/** What was written in this turn: all streams that are given an event share its octets. */
const written = new Map<string, Written>()

/** An event as a client reads it. What was retained is no place to come back to. Throws for values that have no form in JSON. */
export function octetsOf (subscribed: string, { args, kwargs, details, publication }: Received): Buffer {
  // That of an event of a pattern stands in its details.
  const topic = String(details['topic'] ?? subscribed)
  const key = `${publication} ${topic}`
  const known = written.get(key)
  if (known?.details === details) return known.octets
  const id = details['retained'] === true ? '' : `id: ${publication}\n`
  const octets = Buffer.from(`${id}data: ${stringifyValue({ topic, args, kwargs, details })}\n\n`)
  if (written.size === 0) setImmediate(() => { written.clear() })
  written.set(key, { details, octets })
  return octets
}
