import { Queue } from '../queue.ts'
import { fragmentsOf } from './websocket-frame.ts'
import type { Fragment } from './websocket-frame.ts'

/** Octets of a frame that is copied to others. A longer one is referred to, since many peers may be owed it: a reference takes about as much memory. */
const SHORT = 256
/** Octets that short frames share. */
const CHUNK = 4096

/** What a stream is not given yet, since it has enough. */
export class Unsent {
  readonly #fragments = new Queue<Fragment>()
  /** Short frames, none of which is among the fragments yet. */
  #chunk: Buffer | null = null
  #filled = 0
  #octets = 0

  get octets (): number {
    return this.#octets
  }

  add (frame: Buffer): void {
    if (frame.length <= SHORT) return this.#copy(frame)
    this.#close()
    for (const fragment of fragmentsOf(frame)) {
      this.#fragments.add(fragment)
      for (const { length } of fragment) this.#octets += length
    }
  }

  /** Takes what is to be written next; undefined if nothing is left. */
  take (): Fragment | undefined {
    if (this.#fragments.size === 0) this.#close()
    const fragment = this.#fragments.take()
    for (const { length } of fragment ?? []) this.#octets -= length
    return fragment
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
