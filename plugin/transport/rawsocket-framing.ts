import type { Encoder } from '../codec/codec.ts'
import { FrameBuilder, SLICE } from './framing.ts'
import type { Fragment, Framing } from './framing.ts'

/** The types of frames [advanced, RawSocket Transport, Framing]. */
export const FrameType = { Message: 0, Ping: 1, Pong: 2 } as const
/** Octets of the header of a frame. */
export const HEADER = 4
/** The maximum octets of a message. */
export const LONGEST_MESSAGE = 2 ** 24
/** The bit of a header for a message of exactly this length. */
const EXTENDED = 0x08

/** A frame with a header for content of this length. A header cannot represent more than the longest message, which no peer accepts. */
function allocate (length: number): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + length)
  if (length === LONGEST_MESSAGE) frame.writeUInt32BE(EXTENDED * LONGEST_MESSAGE, 0)
  else frame.writeUInt32BE(length % LONGEST_MESSAGE, 0)
  return frame
}

/** A PING or PONG with this content. */
export function controlFrame (type: number, content: Buffer): Buffer {
  const frame = allocate(content.length)
  frame[0]! |= type
  content.copy(frame, HEADER)
  return frame
}

/** What is wrong with a header, or its type and the length of the content. */
export function parseHeader (header: number): string | { readonly type: number, readonly length: number } {
  const [first, length] = [header >>> 24, header % LONGEST_MESSAGE]
  const type = first & 0x07
  if (first > 0x0f) return 'a frame with reserved bits'
  if (type > FrameType.Pong) return `a frame of the reserved type ${type}`
  if ((first & EXTENDED) === 0) return { type, length }
  return length === 0 ? { type, length: LONGEST_MESSAGE } : 'a frame with a length beyond 2^24'
}

/** The frames of RawSocket: a header of four octets before each message. */
export class RawSocketFraming extends FrameBuilder {
  constructor (encoder: Encoder, typed: Framing | null = null) {
    super(encoder, typed, allocate)
  }

  override fragmentsOf (frame: Buffer): Fragment[] {
    const fragments: Fragment[] = []
    for (let at = 0; at < frame.length; at += SLICE) fragments.push([frame.subarray(at, at + SLICE)])
    return fragments
  }
}
