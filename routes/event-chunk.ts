import { spend } from '../plugin/work.ts'

/** Units of work to write a chunk to a client. */
const UNITS_OF_CHUNK = 50

/** The chunks that are written when this turn ends. */
let due: EventChunk[] = []
/** The last chunk. Many streams receive the same events, so they share it. */
let last: { readonly parts: readonly Buffer[], readonly octets: Buffer } | null = null

/** The events that a stream receives in one turn, which are written together: a write costs far more than a small event. */
export class EventChunk {
  readonly #write: (octets: Buffer) => void
  #parts: Buffer[] = []
  #length = 0

  /** `write` receives the octets of all events of a turn. */
  constructor (write: (octets: Buffer) => void) {
    this.#write = write
  }

  /** The octets that are not yet written. */
  get length (): number {
    return this.#length
  }

  /** Adds the octets of an event. */
  add (octets: Buffer): void {
    if (this.#parts.length === 0) {
      spend(UNITS_OF_CHUNK)
      if (due.push(this) === 1) setImmediate(writeAll)
    }
    this.#parts.push(octets)
    this.#length += octets.length
  }

  /** Writes the events now. */
  flush (): void {
    if (this.#parts.length === 0) return
    const parts = this.#parts
    this.#parts = []
    this.#length = 0
    this.#write(joined(parts))
  }
}

function writeAll (): void {
  const chunks = due
  due = []
  for (const chunk of chunks) chunk.flush()
  last = null
}

function joined (parts: readonly Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!
  if (last === null || last.parts.length !== parts.length || !parts.every((part, i) => part === last!.parts[i])) last = { parts, octets: Buffer.concat(parts) }
  return last.octets
}
