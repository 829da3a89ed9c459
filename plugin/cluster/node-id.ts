import { randomText } from '../protocol/random-octets.ts'

/** The id of a node: 12 characters of the URL-safe alphabet. A node that returns after it was fenced has another one. */
export type NodeId = string

/** The number of random bytes, which are 12 characters in base64. */
const BYTES = 9

export function randomNodeId (): NodeId {
  return randomText(BYTES)
}

export function isNodeId (value: unknown): value is NodeId {
  return typeof value === 'string' && /^[\w-]{12}$/.test(value)
}
