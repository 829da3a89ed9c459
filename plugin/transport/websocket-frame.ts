import type { Allocate, Codec } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'

const FINAL_TEXT = 0x81
const FINAL_BINARY = 0x82

/** Gives a buffer for a WebSocket frame, its header written; a server's frames carry no mask [RFC 6455, 5.2]. */
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

const allocateText: Allocate = (length) => allocateFrame(FINAL_TEXT, length)
const allocateBinary: Allocate = (length) => allocateFrame(FINAL_BINARY, length)

/**
 * Builds the frames of one codec. An event goes to its subscribers one after the other, as one message object: the
 * frame of the last message is kept until the turn ends, so that they all share it.
 */
export class FrameBuilder {
  readonly #codec: Codec
  readonly #allocate: Allocate
  #last: { message: RouterMessage, frame: Buffer } | undefined

  constructor (codec: Codec) {
    this.#codec = codec
    this.#allocate = codec.binary ? allocateBinary : allocateText
  }

  /** The frame of a message. Throws an EncodingError for a payload that has no form in this codec. */
  frame (message: RouterMessage): Buffer {
    if (this.#last?.message === message) return this.#last.frame
    const frame = this.#codec.encode(message, this.#allocate)
    this.#last = { message, frame }
    return frame
  }

  /** Lets go of the last frame. */
  forget (): void {
    this.#last = undefined
  }
}
