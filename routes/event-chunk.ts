import { ownOctets } from '../plugin/protocol/own-octets.ts'
import { flushSoon } from '../plugin/transport/outbox.ts'
import type { Flushable } from '../plugin/transport/outbox.ts'
import { spend } from '../plugin/work.ts'

/** Units of work to write a chunk to a client. */
const UNITS_OF_CHUNK = 50

/** The last chunk of this turn. Many streams receive the same events, so they share it. */
let last: { readonly parts: readonly Buffer[], readonly octets: Buffer } | null = null

/** The events that a stream receives in one turn, which are written together like the messages of a WebSocket: a write costs far more than a small event. */
export class EventChunk implements Flushable {
  readonly #write: (octets: Buffer) => void
  #parts: Buffer[] = []
  #queued = 0

  /** `write` receives the octets of all events of a turn. */
  constructor (write: (octets: Buffer) => void) {
    this.#write = write
  }

  /** The octets that are not yet written. */
  get queued (): number {
    return this.#queued
  }

  /** Adds the octets of an event. */
  add (octets: Buffer): void {
    if (this.#parts.length === 0) {
      spend(UNITS_OF_CHUNK)
      flushSoon(this)
    }
    this.#parts.push(octets)
    this.#queued += octets.length
  }

  /** Writes the events now, if there are any. */
  flush (): void {
    const parts = this.#parts
    if (parts.length === 0) return
    this.#parts = []
    this.#queued = 0
    this.#write(joined(parts))
  }
}

function joined (parts: readonly Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!
  if (last === null) setImmediate(() => { last = null })
  if (last === null || last.parts.length !== parts.length || !parts.every((part, i) => part === last!.parts[i])) last = { parts, octets: ownOctets(parts) }
  return last.octets
}
