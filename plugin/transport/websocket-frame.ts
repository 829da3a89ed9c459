import type { Allocate, Encoder } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'

const FINAL_TEXT = 0x81
const FINAL_BINARY = 0x82
/** Octets of one fragment of a long message, including its header of four. */
export const FRAGMENT = 65536
/** The maximum number of fragments of a message, because peers may limit it. Very long messages have longer fragments. */
const MOST_FRAGMENTS = 1024
const FINAL = 0x80

/** The maximum octets of a batch of several messages, which fit a header of four. A longer batch saves nothing, and delays the client until its end. */
const LONGEST_BATCH = 65535

/** Returns a buffer for a WebSocket frame with its header. Server frames have no mask [RFC 6455, 5.2]. */
function allocateFrame (opcode: number, length: number): Buffer {
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + length)
    frame[0] = opcode
    frame[1] = length
    return frame
  }
  if (length < 65536) {
    const frame = Buffer.allocUnsafe(4 + length)
    frame[0] = opcode
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
    return frame
  }
  const frame = Buffer.allocUnsafe(10 + length)
  frame[0] = opcode
  frame[1] = 127
  frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
  frame.writeUInt32BE(length >>> 0, 6)
  return frame
}

/** The header of a frame of this size. */
function headerOf (opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.from([opcode, length])
  const header = Buffer.from([opcode, length < 65536 ? 126 : 127, 0, 0, 0, 0, 0, 0, 0, 0])
  if (length < 65536) return header.subarray(0, header.writeUInt16BE(length, 2))
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

const allocateText: Allocate = (length) => allocateFrame(FINAL_TEXT, length)
const allocateBinary: Allocate = (length) => allocateFrame(FINAL_BINARY, length)

/**
 * Builds the frames of one encoder. An event is sent to its subscribers one after the other, as the same message object: the frame of the
 * last message is kept until the turn ends, so that all of them share it.
 */
export class FrameBuilder {
  readonly #encoder: Encoder
  readonly #allocate: Allocate
  #lastMessage: RouterMessage | undefined
  #lastFrame: Buffer | undefined
  /** The last message that could not be represented. */
  #failed: RouterMessage | undefined

  constructor (encoder: Encoder) {
    this.#encoder = encoder
    this.#allocate = encoder.binary ? allocateBinary : allocateText
  }

  /** The frame of a message. Throws an EncodingError for a payload that this codec cannot represent. */
  frame (message: RouterMessage): Buffer {
    if (this.#lastMessage === message) return this.#lastFrame!
    this.#lastMessage = undefined
    this.#lastFrame = this.#encode(message, this.#allocate)
    this.#lastMessage = message
    return this.#lastFrame
  }

  /** The octets of a message without a frame. Throws the same error. */
  unframed (message: RouterMessage): Buffer {
    return this.#encode(message, Buffer.allocUnsafe)
  }

  /** True if this message, the last one that failed, cannot be represented. */
  hasFailed (message: RouterMessage): boolean {
    return this.#failed === message
  }

  /** Frames with this total number of octets, for one write. */
  join (frames: readonly Buffer[], octets: number): Buffer {
    return Buffer.concat(frames, octets)
  }

  /** Releases the last frame. */
  forget (): void {
    this.#lastMessage = undefined
    this.#lastFrame = undefined
    this.#failed = undefined
  }

  #encode (message: RouterMessage, allocate: Allocate): Buffer {
    try {
      return this.#encoder.encode(message, allocate)
    } catch (error) {
      this.#failed = message
      throw error
    }
  }
}

/** Builds frames that contain a batch of one message, and joins them to longer batches [advanced, Message Batching]. */
export class BatchFrameBuilder extends FrameBuilder {
  override join (frames: readonly Buffer[]): Buffer {
    const joined: Buffer[] = []
    for (let start = 0, end = 0; start < frames.length; start = end) {
      let octets = 0
      do octets += contentLength(frames[end++]!)
      while (end < frames.length && octets + contentLength(frames[end]!) <= LONGEST_BATCH)

      const batch = allocateFrame(frames[start]![0]!, octets)
      let at = batch.length - octets
      for (let i = start; i < end; i++) at += frames[i]!.copy(batch, at, headerLength(frames[i]!))
      joined.push(batch)
    }
    return joined.length === 1 ? joined[0]! : Buffer.concat(joined)
  }
}

/** Parts that must be written directly after each other. */
export type Fragment = readonly Buffer[]

/**
 * The parts of a frame for writing. A long message is sent in fragments [RFC 6455, 5.4]: between these, but not within one, a ping or pong
 * may be written. The content is not copied.
 */
export function fragmentsOf (frame: Buffer): Fragment[] {
  if (frame.length <= FRAGMENT) return [[frame]]
  const content = frame.subarray(headerLength(frame))
  const length = Math.max(FRAGMENT - 4, Math.ceil(content.length / MOST_FRAGMENTS))
  const fragments: Fragment[] = []
  for (let at = 0; at < content.length; at += length) {
    const part = content.subarray(at, at + length)
    const opcode = (at === 0 ? frame[0]! & ~FINAL : 0) | (at + length >= content.length ? FINAL : 0)
    fragments.push([headerOf(opcode, part.length), part])
  }
  return fragments
}

function headerLength (frame: Buffer): number {
  const length = frame[1]!
  return length < 126 ? 2 : length === 126 ? 4 : 10
}

function contentLength (frame: Buffer): number {
  return frame.length - headerLength(frame)
}
