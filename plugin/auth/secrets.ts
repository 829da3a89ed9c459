import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// Both sides are hashed under a key of this process: digests have one length, and what can be timed says nothing.
const key = randomBytes(32)

/** Compares a proof with what it should be, in a time that depends on neither's content nor length. */
export function isSameSecret (given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

/** A text that looks random, and is the same for the same input while this process runs. */
export function madeUp (input: string): string {
  return digest(`made up: ${input}`).toString('base64')
}

function digest (text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
