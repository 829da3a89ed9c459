import { randomFillSync } from 'node:crypto'

// A system call for each id, nonce and cookie would cost more than the rest of what they are made for.
const pool = Buffer.alloc(8192)
let unused = 0

/** Random octets, at most 8192, drawn in bulk. They are the caller's own, and are not kept in the pool. */
export function randomOctets (count: number): Buffer {
  if (unused < count) {
    randomFillSync(pool)
    unused = pool.length
  }
  const drawn = Buffer.from(pool.subarray(unused - count, unused))
  pool.fill(0, unused - count, unused)
  unused -= count
  return drawn
}
