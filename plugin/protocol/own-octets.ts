/**
 * Octets in memory of their own, for what outlives the turn. Short results of Buffer.from and Buffer.concat are slices of a pool of 8 KiB, and
 * each slice keeps all of it in memory.
 */
export function ownOctets (parts: readonly Buffer[]): Buffer {
  const octets = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  for (const part of parts) filled += part.copy(octets, filled)
  return octets
}
