import { HEADER, parseHeader } from './rawsocket-framing.ts'

/** Takes the frames that a reader finds. */
export interface FrameListener {
  /** Takes the content of a frame, which is a slice of received data. */
  take (type: number, content: Buffer): void
  /** The peer has sent an invalid frame. Nothing is read any more. */
  refuse (fault: string): void
}

/** Splits received data into RawSocket frames. */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #longest: number
  /** The beginning of a frame; its buffer grows with the data, because the header may promise more than ever comes. */
  #partial: Buffer = Buffer.alloc(0)
  #filled = 0
  #state: 'reading' | 'stopped' = 'reading'

  /** `longest` is the maximum octets of a frame's content. */
  constructor (listener: FrameListener, longest: number) {
    this.#listener = listener
    this.#longest = longest
  }

  /** True if the last frame is incomplete. */
  get isWithinFrame (): boolean {
    return this.#filled > 0
  }

  /** Ignores all further data, also the rest of the data that is being read. */
  stop (): void {
    this.#state = 'stopped'
  }

  /** Takes received data, which may begin and end anywhere. */
  read (data: Buffer): void {
    let at = 0
    while (at < data.length && this.#state === 'reading') {
      at = this.#filled > 0 ? this.#complete(data, at) : this.#takeWhole(data, at)
    }
  }

  /** Takes a frame that begins here, or keeps its beginning. Returns the end. */
  #takeWhole (data: Buffer, start: number): number {
    const left = data.length - start
    if (left < HEADER) return this.#keep(data, start, HEADER)
    const found = this.#check(data.readUInt32BE(start))
    if (found === null) return data.length
    const end = start + HEADER + found.length
    if (end > data.length) return this.#keep(data, start, end - start)
    this.#listener.take(found.type, data.subarray(start + HEADER, end))
    return end
  }

  /** Completes the frame that began earlier. Returns the end. */
  #complete (data: Buffer, start: number): number {
    // A frame without content is complete with its header.
    const at = this.#filled < HEADER ? this.#keep(data, start, HEADER) : start
    if (this.#filled < HEADER) return at
    const found = this.#check(this.#partial.readUInt32BE(0))
    if (found === null) return data.length
    const end = this.#keep(data, at, HEADER + found.length)
    if (this.#filled < HEADER + found.length) return end
    const frame = this.#partial.subarray(HEADER, this.#filled)
    this.#partial = Buffer.alloc(0)
    this.#filled = 0
    this.#listener.take(found.type, frame)
    return end
  }

  /** Copies data up to this length of the frame. Returns the end. */
  #keep (data: Buffer, start: number, length: number): number {
    const end = Math.min(data.length, start + length - this.#filled)
    const filled = this.#filled + end - start
    if (filled > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(length, Math.max(filled, 2 * this.#partial.length)))
      this.#partial.copy(grown, 0, 0, this.#filled)
      this.#partial = grown
    }
    data.copy(this.#partial, this.#filled, start, end)
    this.#filled = filled
    return end
  }

  #check (header: number): { readonly type: number, readonly length: number } | null {
    const found = parseHeader(header)
    if (typeof found !== 'string' && found.length <= this.#longest) return found
    this.#state = 'stopped'
    this.#listener.refuse(typeof found === 'string' ? found : `a frame of ${found.length} octets, and ${this.#longest} are allowed`)
    return null
  }
}
