import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// Both sides are hashed with a key of this process: digests have equal length, and timing reveals nothing.
const key = randomBytes(32)

/** Compares a proof with the expected value, in a time that depends on neither its content nor its length. */
export function isSameSecret (given: string, expected: string): boolean {
  return timingSafeEqual(digest(key, given), digest(key, expected))
}

/**
 * Stable fake credentials for unknown users, so that challenges do not reveal which users exist. They look random, but are the same for
 * the same name and configuration, even after a restart.
 */
export class DecoyCredentials {
  readonly #key: Buffer

  constructor (configuration: object) {
    this.#key = digest('made up', JSON.stringify(configuration))
  }

  /** Picks an item of a non-empty list. */
  pick<T> (list: readonly T[], name: string): T {
    return list[this.octets(name, 4).readUInt32BE() % list.length]!
  }

  /** Returns this number of octets. */
  octets (name: string, count: number): Buffer {
    const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, i) => digest(this.#key, `${i} ${name}`))
    return Buffer.concat(blocks).subarray(0, count)
  }

  /** Returns this number of Base64 characters. */
  text (name: string, characters = 43): string {
    return this.octets(name, Math.ceil(characters * 0.75)).toString('base64').slice(0, characters)
  }
}

function digest (key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
