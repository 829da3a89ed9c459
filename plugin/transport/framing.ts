import type { Allocate, Encoder } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'

/** Octets that are written to a stream at once. A stream does not show its progress within one write. */
export const SLICE = 65536

/** Parts that must be written directly after each other. */
export type Fragment = readonly Buffer[]

/** The form of messages on a transport. One instance serves all connections with the same encoder. */
export interface Framing {
  /** True if short frames may be copied into one buffer, because the transport is a stream of octets. */
  readonly isStream: boolean
  /** The framing of the encoder's `typed`. */
  readonly typed: Framing | null
  /** The frame of a message. Throws an EncodingError for a payload that the encoder cannot represent. */
  frame (message: RouterMessage): Buffer
  /** True if this message, the last one that failed, cannot be represented. */
  hasFailed (message: RouterMessage): boolean
  /** The same content as these frames, which have this total number of octets, in as few writes as possible. */
  join (frames: readonly Buffer[], octets: number): readonly Buffer[]
  /** The parts of a frame for writing. Control frames may be written between them. */
  fragmentsOf (frame: Buffer): readonly Fragment[]
  /** Releases the last frame. */
  forget (): void
}

/**
 * Builds the frames of one encoder. An event is sent to its subscribers one after the other, as the same message object: the frame of the
 * last message is kept until the turn ends, so that all of them share it.
 */
export abstract class FrameBuilder implements Framing {
  readonly isStream: boolean = true
  readonly typed: Framing | null
  readonly #encoder: Encoder
  readonly #allocate: Allocate
  #lastMessage: RouterMessage | undefined
  #lastFrame: Buffer | undefined
  /** The last message that could not be represented. */
  #failed: RouterMessage | undefined

  /** `allocate` returns a buffer with room for the content of a frame after its header. */
  constructor (encoder: Encoder, typed: Framing | null, allocate: Allocate) {
    this.typed = typed
    this.#encoder = encoder
    this.#allocate = allocate
  }

  frame (message: RouterMessage): Buffer {
    if (this.#lastMessage === message) return this.#lastFrame!
    this.#lastMessage = undefined
    this.#lastFrame = this.#encode(message)
    this.#lastMessage = message
    return this.#lastFrame
  }

  hasFailed (message: RouterMessage): boolean {
    return this.#failed === message
  }

  join (frames: readonly Buffer[], octets: number): readonly Buffer[] {
    return [Buffer.concat(frames, octets)]
  }

  abstract fragmentsOf (frame: Buffer): readonly Fragment[]

  forget (): void {
    this.#lastMessage = undefined
    this.#lastFrame = undefined
    this.#failed = undefined
  }

  #encode (message: RouterMessage): Buffer {
    try {
      return this.#encoder.encode(message, this.#allocate)
    } catch (error) {
      this.#failed = message
      throw error
    }
  }
}

/** A kind of framing. `typed` is that of the encoder's `typed`. */
export type FramingClass = new (encoder: Encoder, typed: Framing | null) => Framing

/** The framings that connections share. */
export class Framings {
  readonly #known = new Map<Encoder, Framing>()

  /** The framing of an encoder, which is created by `Builder` for the first connection. */
  of (encoder: Encoder, Builder: FramingClass): Framing {
    const framing = this.#known.get(encoder) ?? new Builder(encoder, encoder.typed === null ? null : this.of(encoder.typed, Builder))
    this.#known.set(encoder, framing)
    return framing
  }
}

/** Messages without frames. */
abstract class Unframed extends FrameBuilder {
  constructor (encoder: Encoder, typed: Framing | null = null) {
    super(encoder, typed, Buffer.allocUnsafe)
  }

  override fragmentsOf (frame: Buffer): readonly Fragment[] {
    return [[frame]]
  }
}

/** Messages without frames, for a transport that keeps each message apart. */
export class WholeMessages extends Unframed {
  override readonly isStream = false

  override join (frames: readonly Buffer[]): readonly Buffer[] {
    return frames
  }
}

/** Messages of batches without frames: the content of a batch may be cut anywhere between two of its messages. */
export class MessagesOfBatches extends Unframed {}
