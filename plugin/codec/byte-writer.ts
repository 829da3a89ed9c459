const INITIAL = 1024
const KEPT = 65536

/**
 * Octets written one after the other into a buffer that grows. Values are big-endian and follow a first octet, which
 * says what they are. One writer serves many messages: `start` begins anew.
 */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL)
  #length = 0

  /** Forgets what was written. */
  start (): void {
    this.#length = 0
    // One large payload must not be paid for ever after.
    if (this.#buffer.length > KEPT) this.#buffer = Buffer.allocUnsafe(INITIAL)
  }

  get length (): number {
    return this.#length
  }

  /** Copies what was written to `target` at `at`. */
  copyTo (target: Buffer, at: number): void {
    this.#buffer.copy(target, at, 0, this.#length)
  }

  /** What was written, in a buffer of its own. */
  toBuffer (): Buffer {
    return Buffer.from(this.#buffer.subarray(0, this.#length))
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
    this.#buffer.write(text, at, length === text.length ? 'latin1' : 'utf8')
  }

  bytes (bytes: Uint8Array): void {
    const at = this.#grow(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** Makes room for `count` octets, and returns where they go. */
  #grow (count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2))
      this.#buffer.copy(larger, 0, 0, at)
      this.#buffer = larger
    }
    return at
  }
}
