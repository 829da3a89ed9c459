import { randomFillSync } from 'node:crypto'
import type { Id } from './id.ts'

// A system call for each id would cost more than routing its message, so random numbers are drawn in bulk. Two of them make an id.
const pool = new Uint32Array(1024)
let unused = 0

/** A uniformly random id from the whole range, for sessions and publications [basic, IDs, global scope]. */
export function randomId (): Id {
  if (unused === 0) {
    randomFillSync(pool)
    unused = pool.length
  }
  unused -= 2
  // 53 random bits are 0 to 2^53 - 1, all equally likely.
  return (pool[unused]! >>> 11) * 2 ** 32 + pool[unused + 1]! + 1
}
