import type { Allocate, Encoder } from '../codec/codec.ts'
import { FrameBuilder, SLICE } from './framing.ts'
import type { Fragment, Framing } from './framing.ts'

const FINAL_TEXT = 0x81
const FINAL_BINARY = 0x82
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

/** The frames of WebSocket messages [RFC 6455, 5.2]. */
export class WebsocketFraming extends FrameBuilder {
  constructor (encoder: Encoder, typed: Framing | null = null) {
    super(encoder, typed, encoder.binary ? allocateBinary : allocateText)
  }

  override fragmentsOf (frame: Buffer): Fragment[] {
    return fragmentsOf(frame)
  }
}

/** Frames that contain a batch of one message, and that are joined to longer batches [advanced, Message Batching]. */
export class BatchedWebsocketFraming extends WebsocketFraming {
  override join (frames: readonly Buffer[]): readonly Buffer[] {
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
    return joined.length === 1 ? joined : [Buffer.concat(joined)]
  }
}

/**
 * The parts of a frame for writing. A long message is sent in fragments [RFC 6455, 5.4]: between these, but not within one, a ping or pong
 * may be written. The content is not copied.
 */
export function fragmentsOf (frame: Buffer): Fragment[] {
  if (frame.length <= SLICE) return [[frame]]
  const content = frame.subarray(headerLength(frame))
  const length = Math.max(SLICE - 4, Math.ceil(content.length / MOST_FRAGMENTS))
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
