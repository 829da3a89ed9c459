/**
 * The longest integer that is converted from one serializer to another: more bits cost more than their share of time.
 * Longer integers can still be forwarded between peers with the same serializer.
 */
export const MAX_INTEGER_BITS = 4096

const MOST = 2n ** 53n
const LEAST = -MOST

/** A Number where it is one exactly, otherwise the BigInt. */
export function narrow (value: bigint): number | bigint {
  return value >= LEAST && value <= MOST ? Number(value) : value
}
