import { randomBytes } from 'node:crypto'

/** An integer from 1 to 2^53 inclusive [basic, IDs]. */
export type Id = number

/** The greatest id. It is not a "safe" integer, and yet it is legal. */
export const MAX_ID = 2 ** 53

/** True for an integer in the closed range of ids [basic, IDs]. */
export function isId (value: unknown): value is Id {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_ID
}

// A system call for each id would cost more than routing its message: random octets are drawn in bulk.
const pool = Buffer.alloc(7 * 512)
let unused = 0

/** An id drawn uniformly at random from the whole range: of sessions and publications [basic, IDs, global scope]. */
export function randomId (): Id {
  if (unused === 0) {
    randomBytes(pool.length).copy(pool)
    unused = pool.length
  }
  unused -= 7
  // 53 random bits are 0 to 2^53 - 1, each equally likely.
  return pool.readUIntBE(unused, 4) * 2 ** 21 + (pool.readUIntBE(unused + 4, 3) >>> 3) + 1
}

/** The id after `id` in a session's or the router's sequence; it starts again at 1 after 2^53 [basic, IDs]. */
export function nextId (id: Id): Id {
  return id >= MAX_ID ? 1 : id + 1
}
