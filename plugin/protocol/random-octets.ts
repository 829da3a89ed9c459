import { randomFillSync } from 'node:crypto'

// A system call for each id, nonce and cookie would cost more than the rest of its creation.
const pool = Buffer.alloc(8192)
let unused = 0

/** Random octets, at most 8192, drawn in bulk. They belong to the caller and are not kept in the pool. */
export function randomOctets (count: number): Buffer {
  return draw(count, (start, end) => Buffer.from(pool.subarray(start, end)))
}

/** The same as text, in Base64 for URLs. */
export function randomText (count: number): string {
  return draw(count, (start, end) => pool.toString('base64url', start, end))
}

function draw<T> (count: number, copy: (start: number, end: number) => T): T {
  if (unused < count) {
    randomFillSync(pool)
    unused = pool.length
  }
  const end = unused
  unused -= count
  const drawn = copy(unused, end)
  pool.fill(0, unused, end)
  return drawn
}
