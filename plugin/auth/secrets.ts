import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// Both sides are hashed under a key of this process: digests have one length, and what can be timed says nothing.
const key = randomBytes(32)

/** Compares a proof with what it should be, in a time that depends on neither's content nor length. */
export function isSameSecret (given: string, expected: string): boolean {
  return timingSafeEqual(digest(key, given), digest(key, expected))
}

/**
 * Makes up what a user would have who is unknown: it looks random, and is the same for the same name as long as the
 * configuration with its secrets is, also after a restart. What changed would tell the unknown from the known.
 */
export class MadeUp {
  readonly #key: Buffer

  constructor (configuration: object) {
    this.#key = digest('made up', JSON.stringify(configuration))
  }

  /** One of a list that is not empty. */
  pick<T> (list: readonly T[], name: string): T {
    return list[this.octets(name, 4).readUInt32BE() % list.length]!
  }

  /** As many octets. */
  octets (name: string, count: number): Buffer {
    const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, i) => digest(this.#key, `${i} ${name}`))
    return Buffer.concat(blocks).subarray(0, count)
  }

  /** As many characters of Base64. */
  text (name: string, characters = 43): string {
    return this.octets(name, Math.ceil(characters * 0.75)).toString('base64').slice(0, characters)
  }
}

function digest (key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
