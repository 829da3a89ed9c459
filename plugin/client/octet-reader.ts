import { setOwn } from '../protocol/set-own.ts'
import type { Octets } from './octets.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Octets that are read one after the other. What reaches beyond their end throws a RangeError. */
export class OctetReader {
  readonly #octets: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor (octets: Uint8Array) {
    this.#octets = octets
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  }

  /** An unsigned integer of 1, 2, 4 or 8 octets; a BigInt where a Number would round. */
  unsigned (size: 1 | 2 | 4 | 8): number | bigint {
    const at = this.#move(size)
    if (size === 1) return this.#view.getUint8(at)
    if (size === 2) return this.#view.getUint16(at)
    return size === 4 ? this.#view.getUint32(at) : narrow(this.#view.getBigUint64(at))
  }

  /** A signed one. */
  signed (size: 1 | 2 | 4 | 8): number | bigint {
    const at = this.#move(size)
    if (size === 1) return this.#view.getInt8(at)
    if (size === 2) return this.#view.getInt16(at)
    return size === 4 ? this.#view.getInt32(at) : narrow(this.#view.getBigInt64(at))
  }

  octet (): number {
    return this.#view.getUint8(this.#move(1))
  }

  /** The next octet, which is not taken. */
  peek (): number {
    return this.#view.getUint8(this.#at)
  }

  float (size: 4 | 8): number {
    const at = this.#move(size)
    return size === 4 ? this.#view.getFloat32(at) : this.#view.getFloat64(at)
  }

  /** A copy of octets. */
  take (length: number): Octets {
    const at = this.#move(length)
    return this.#octets.slice(at, at + length)
  }

  /** Text; malformed UTF-8 throws. */
  text (length: number): string {
    const at = this.#move(length)
    return decoder.decode(this.#octets.subarray(at, at + length))
  }

  /** Throws if octets are left. */
  end (): void {
    if (this.#at < this.#octets.length) throw new RangeError('there are extra bytes after the message')
  }

  #move (size: number): number {
    const at = this.#at
    if (size > this.#octets.length - at) throw new RangeError('the message is incomplete')
    this.#at += size
    return at
  }
}

/** A Number where it is one exactly, up to 2^53, otherwise the BigInt. */
export function narrow (value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value
}

/**
 * A dict of entries; keys such as integers become text, as in JSON. Entries whose key is a list, a dict, octets or a time are left out: routers
 * forward such dicts, so they must not end the session.
 */
export function dictOf (entries: readonly (readonly [key: unknown, value: unknown])[]): Record<string, unknown> {
  const dict: Record<string, unknown> = {}
  let hasTable = false
  for (const [key, value] of entries) {
    if (typeof key !== 'object' || key === null) hasTable = setOwn(dict, String(key), value, hasTable)
  }
  return dict
}
