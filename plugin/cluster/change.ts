import type { Id } from '../protocol/id.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { isNaturalNumber, isString } from '../protocol/wire-value.ts'
import { isNodeId } from './node-id.ts'
import type { NodeId } from './node-id.ts'
import { parsed } from './parsed.ts'

/** The version of the entries and messages. A node of another version does not join. */
export const WIRE_VERSION = 1

/** A change that all nodes apply at the same position of the log. */
export type Change =
  /** The node becomes a member. */
  | readonly ['join', version: number]
  /** The node renews its lease. */
  | readonly ['renew']
  /** The node is no longer a member: it has drained. */
  | readonly ['leave']
  /** Another node is no longer a member: it has not renewed its lease. */
  | readonly ['dead', node: NodeId]
  /** The node has subscribers of this URI or pattern from now on. The session caused it, at a time in milliseconds since 1970. */
  | readonly ['hold', realm: Uri, uri: Uri, match: MatchPolicy, session: Id, at: number]
  /** The node has no subscribers of a subscription any more. The session caused it. */
  | readonly ['drop', realm: Uri, subscription: Id, session: Id]

/** The changes that a node proposes together, with a number: 1 for its first entry, then 2, 3, … */
export interface Entry {
  readonly node: NodeId
  readonly number: number
  readonly changes: readonly Change[]
}

const isMatch = (value: unknown): boolean => value === 'exact' || value === 'prefix' || value === 'wildcard'

const fields: { readonly [kind in Change[0]]: ReadonlyArray<(value: unknown) => boolean> } = {
  join: [isNaturalNumber],
  renew: [],
  leave: [],
  dead: [isNodeId],
  hold: [isString, isString, isMatch, isNaturalNumber, isNaturalNumber],
  drop: [isString, isNaturalNumber, isNaturalNumber]
}

export function encodeEntry ({ node, number, changes }: Entry): Uint8Array {
  return Buffer.from(JSON.stringify([node, number, changes]))
}

/** Null for anything that no node of this version has written. */
export function decodeEntry (octets: Uint8Array): Entry | null {
  const list = parsed(octets)
  if (!Array.isArray(list) || list.length !== 3) return null
  const [node, number, changes]: unknown[] = list
  if (!isNodeId(node) || !isNaturalNumber(number) || !Array.isArray(changes) || !changes.every(isChange)) return null
  return { node, number, changes }
}

function isChange (value: unknown): value is Change {
  if (!Array.isArray(value) || !isString(value[0]) || !Object.hasOwn(fields, value[0])) return false
  const checks = fields[value[0] as Change[0]]
  return value.length === checks.length + 1 && checks.every((check, i) => check(value[i + 1]))
}
