import { ProtocolViolation } from '../protocol/violation.ts'
import { VALUES_OF_OBJECT } from './encoding-work.ts'
import { narrow } from './integer.ts'
import { checkUtf8, readUtf8 } from './utf8.ts'

/** Up to this length a loop is cheaper than a call out of JavaScript. */
const SHORT = 32
const noOctets = Buffer.alloc(0)

/** A position in octets that somebody else wrote: nothing is read, and nothing made, beyond what is there. */
export class ByteReader {
  readonly data: Buffer
  position = 0
  /** Where reading must end. */
  end: number
  /** How many typed arrays were moved over, except those within a tag that may depend on them. */
  typedArrays = 0
  /** True while the value behind a tag is read. */
  isTagged = false
  /** The tags of these typed arrays, as alternating starts and ends; undefined if they are not needed. */
  omitted: number[] | undefined
  /** How many values were read or moved over; the caller counts them. */
  values = 0

  constructor (data: Buffer) {
    this.data = data
    this.end = data.length
  }

  get remaining (): number {
    return this.end - this.position
  }

  /** The next octet, which stays to be read; -1 at the end. */
  peek (): number {
    return this.position < this.end ? this.data[this.position]! : -1
  }

  /** Moves over `count` octets and returns where they start. */
  take (count: number): number {
    const at = this.position
    if (count > this.end - at) throw new ProtocolViolation('the message ends too early')
    this.position = at + count
    return at
  }

  uint8 (): number {
    return this.data[this.take(1)]!
  }

  uint16 (): number {
    return this.data.readUInt16BE(this.take(2))
  }

  uint32 (): number {
    return this.data.readUInt32BE(this.take(4))
  }

  /** As a Number where it is one exactly, otherwise as a BigInt. */
  uint64 (): number | bigint {
    const at = this.take(8)
    const high = this.data.readUInt32BE(at)
    return high < 2 ** 21 ? high * 2 ** 32 + this.data.readUInt32BE(at + 4) : narrow(this.data.readBigUInt64BE(at))
  }

  int8 (): number {
    return this.data.readInt8(this.take(1))
  }

  int16 (): number {
    return this.data.readInt16BE(this.take(2))
  }

  int32 (): number {
    return this.data.readInt32BE(this.take(4))
  }

  int64 (): number | bigint {
    return narrow(this.data.readBigInt64BE(this.take(8)))
  }

  float32 (): number {
    return this.data.readFloatBE(this.take(4))
  }

  float64 (): number {
    return this.data.readDoubleBE(this.take(8))
  }

  /** A string of `length` octets. */
  text (length: number): string {
    const at = this.take(length)
    return readUtf8(this.data, at, this.position)
  }

  /** Moves over a string of `length` octets. */
  skipText (length: number): void {
    const at = this.take(length)
    checkUtf8(this.data, at, this.position)
  }

  /** A copy of the octets up to the position, without those that are omitted. */
  kept (): Buffer {
    const { omitted = [], position } = this
    const kept = Buffer.allocUnsafe(position)
    let length = 0
    let from = 0
    for (let i = 0; i < omitted.length; i += 2) {
      length += this.#copy(kept, length, from, omitted[i]!)
      from = omitted[i + 1]!
    }
    length += this.#copy(kept, length, from, position)
    return kept.subarray(0, length)
  }

  /** A copy: what is kept must not pin the chunk that was read. */
  bytes (length: number): Buffer {
    const start = this.take(length)
    if (length === 0) return noOctets
    this.values += VALUES_OF_OBJECT
    const bytes = Buffer.allocUnsafe(length)
    this.#copy(bytes, 0, start, this.position)
    return bytes
  }

  /** Moves over `length` octets and copies them to `target` at `at`. Returns their number. */
  copyTo (target: Buffer, at: number, length: number): number {
    const start = this.take(length)
    return this.#copy(target, at, start, this.position)
  }

  /** Copies the octets from `start` to `end` to `target`, and returns how many these are. */
  #copy (target: Buffer, at: number, start: number, end: number): number {
    if (end - start > SHORT) return this.data.copy(target, at, start, end)
    for (let i = start; i < end; i++) target[at++] = this.data[i]!
    return end - start
  }
}

/** The levels of nesting that are left within a container. */
export function deeper (depth: number): number {
  if (depth <= 0) throw new ProtocolViolation('the message is nested too deeply')
  return depth - 1
}
