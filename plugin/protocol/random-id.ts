import { randomBytes } from 'node:crypto'
import type { Id } from './id.ts'

// A system call for each id would cost more than routing its message, so random octets are drawn in bulk.
const pool = Buffer.alloc(7 * 512)
let unused = 0

/** A uniformly random id from the whole range, for sessions and publications [basic, IDs, global scope]. */
export function randomId (): Id {
  if (unused === 0) {
    randomBytes(pool.length).copy(pool)
    unused = pool.length
  }
  unused -= 7
  // 53 random bits are 0 to 2^53 - 1, all equally likely.
  return pool.readUIntBE(unused, 4) * 2 ** 21 + (pool.readUIntBE(unused + 4, 3) >>> 3) + 1
}
