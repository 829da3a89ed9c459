import { randomFillSync } from 'node:crypto'

// A system call for each id, nonce and cookie would cost more than the rest of its creation.
const pool = Buffer.alloc(8192)
let unused = 0

/** Random octets, at most 8192, drawn in bulk. They belong to the caller and are not kept in the pool. */
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
