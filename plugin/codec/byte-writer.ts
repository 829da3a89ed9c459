import { EncodingError } from './codec.ts'
import { decimalDigits, writeDecimal } from './decimal.ts'

const INITIAL = 1024
const KEPT = 65536
/** Up to this length a loop is cheaper than a call out of JavaScript. */
const SHORT = 32
const BASE64 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const PADDING = 0x3d

/**
 * Octets written one after the other into a buffer that grows. Values are big-endian and follow a first octet, which
 * says what they are. One writer serves many messages: `start` begins anew.
 */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL)
  #length = 0
  #most = Infinity
  /** How many values were written; the caller counts them. */
  values = 0

  /** Forgets what was written. Beyond `most` octets, all that writes throws an EncodingError. */
  start (most = Infinity): void {
    this.#length = 0
    this.#most = most
    this.values = 0
    // One large payload must not be paid for ever after.
    if (this.#buffer.length > KEPT) this.#buffer = Buffer.allocUnsafe(INITIAL)
  }

  get length (): number {
    return this.#length
  }

  /** How many more octets may be written. */
  get room (): number {
    return this.#most - this.#length
  }

  /** Copies what was written to `target` at `at`. */
  copyTo (target: Buffer, at: number): void {
    this.#buffer.copy(target, at, 0, this.#length)
  }

  /** The written octets, in a separate buffer. */
  toBuffer (): Buffer {
    this.#check()
    return Buffer.from(this.#buffer.subarray(0, this.#length))
  }

  /** The written octets, as text. */
  toText (): string {
    return this.#buffer.toString('utf8', 0, this.#length)
  }

  /** A first octet that says everything. */
  octet (first: number): void {
    const at = this.#grow(1)
    this.#buffer[at] = first
  }

  uint8 (first: number, value: number): void {
    const at = this.#grow(2)
    this.#buffer[at] = first
    this.#buffer[at + 1] = value
  }

  uint16 (first: number, value: number): void {
    const at = this.#grow(3)
    this.#buffer[at] = first
    this.#buffer.writeUInt16BE(value, at + 1)
  }

  uint32 (first: number, value: number): void {
    const at = this.#grow(5)
    this.#buffer[at] = first
    this.#buffer.writeUInt32BE(value, at + 1)
  }

  /** As a Number at most 2^53. */
  uint64 (first: number, value: number | bigint): void {
    const at = this.#grow(9)
    this.#buffer[at] = first
    if (typeof value === 'bigint') {
      this.#buffer.writeBigUInt64BE(value, at + 1)
    } else {
      this.#buffer.writeUInt32BE(Math.floor(value / 2 ** 32), at + 1)
      this.#buffer.writeUInt32BE(value % 2 ** 32, at + 5)
    }
  }

  int64 (first: number, value: bigint): void {
    const at = this.#grow(9)
    this.#buffer[at] = first
    this.#buffer.writeBigInt64BE(value, at + 1)
  }

  float64 (first: number, value: number): void {
    const at = this.#grow(9)
    this.#buffer[at] = first
    this.#buffer.writeDoubleBE(value, at + 1)
  }

  /** Text whose length in octets is known. */
  utf8 (text: string, length: number): void {
    const at = this.#grow(length)
    const buffer = this.#buffer
    if (length !== text.length) buffer.write(text, at, 'utf8')
    else if (length > SHORT) buffer.write(text, at, 'latin1')
    else for (let i = 0; i < length; i++) buffer[at + i] = text.charCodeAt(i)
  }

  /** Text that is ASCII only. */
  ascii (text: string): void {
    this.utf8(text, text.length)
  }

  /** The decimal digits of a safe integer that is not negative. */
  decimal (value: number): void {
    const digits = decimalDigits(value)
    const at = this.#grow(digits)
    writeDecimal(this.#buffer, at, value, digits)
  }

  /** Octets as Base64. */
  base64 (octets: Uint8Array): void {
    const { length } = octets
    let at = this.#grow(Math.ceil(length / 3) * 4)
    const buffer = this.#buffer
    if (length > SHORT) {
      buffer.write(Buffer.from(octets.buffer, octets.byteOffset, length).toString('base64'), at, 'latin1')
      return
    }
    for (let i = 0; i < length; i += 3) {
      const bits = octets[i]! << 16 | (octets[i + 1] ?? 0) << 8 | (octets[i + 2] ?? 0)
      buffer[at++] = BASE64[bits >> 18]!
      buffer[at++] = BASE64[bits >> 12 & 63]!
      buffer[at++] = i + 1 < length ? BASE64[bits >> 6 & 63]! : PADDING
      buffer[at++] = i + 2 < length ? BASE64[bits & 63]! : PADDING
    }
  }

  bytes (bytes: Uint8Array): void {
    const at = this.#grow(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** Makes room for `count` octets, and returns where they go. */
  #grow (count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) this.#enlarge(at)
    return at
  }

  // The bound is looked at only here, and at the end: a write must stay cheap.
  #enlarge (written: number): void {
    this.#check()
    const larger = Buffer.allocUnsafe(Math.max(this.#length, Math.min(this.#buffer.length * 2, this.#most)))
    this.#buffer.copy(larger, 0, 0, written)
    this.#buffer = larger
  }

  #check (): void {
    if (this.#length > this.#most) throw new EncodingError('the values exceed the size limit in another serializer')
  }
}
