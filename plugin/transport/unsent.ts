import { OCTETS_OF_ENTRY } from '../backlog.ts'
import { Queue } from '../queue.ts'
import type { Fragment, Framing } from './framing.ts'

/**
 * Frames up to this number of octets are copied into a shared buffer. Longer ones are referenced, because they may be shared by many
 * peers, and a reference uses little memory in comparison.
 */
const SHORT = 256
/** Octets of a shared buffer for short frames. */
const CHUNK = 4096

/** Data that a stream has not received yet, because it is full. */
export class Unsent {
  readonly #framing: Framing
  /** Octets that count for a fragment in addition to its own: short frames are not copied unless the transport is a stream. */
  readonly #overhead: number
  readonly #fragments = new Queue<Fragment>()
  /** Short frames that are not yet among the fragments. */
  #chunk: Buffer | null = null
  #filled = 0
  #octets = 0

  /** The data consists of frames of this framing, or of another one of the same kind. */
  constructor (framing: Framing) {
    this.#framing = framing
    this.#overhead = framing.isStream ? 0 : OCTETS_OF_ENTRY
  }

  /** The octets that count for the limits. */
  get octets (): number {
    return this.#octets
  }

  /** Adds a frame. */
  add (frame: Buffer): void {
    if (this.#framing.isStream && frame.length <= SHORT) return this.#copy(frame)
    this.#close()
    for (const fragment of this.#framing.fragmentsOf(frame)) {
      this.#fragments.add(fragment)
      this.#octets += this.#octetsOf(fragment)
    }
  }

  /** Removes and returns the next data to write; undefined if none is left. */
  take (): Fragment | undefined {
    if (this.#fragments.size === 0) this.#close()
    const fragment = this.#fragments.take()
    if (fragment !== undefined) this.#octets -= this.#octetsOf(fragment)
    return fragment
  }

  #octetsOf (fragment: Fragment): number {
    let octets = this.#overhead
    for (const { length } of fragment) octets += length
    return octets
  }

  #copy (frame: Buffer): void {
    if (this.#filled + frame.length > CHUNK) this.#close()
    this.#chunk ??= Buffer.allocUnsafeSlow(CHUNK)
    this.#filled += frame.copy(this.#chunk, this.#filled)
    this.#octets += frame.length
  }

  #close (): void {
    if (this.#chunk === null) return
    this.#fragments.add([this.#chunk.subarray(0, this.#filled)])
    this.#chunk = null
    this.#filled = 0
  }
}
