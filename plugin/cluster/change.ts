import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { isBoolean, isDict, isNaturalNumber, isString, isUriOrNull } from '../protocol/wire-value.ts'
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
  /** A session of the node becomes a callee, if the other callees permit it, by a REGISTER, at a time in milliseconds since 1970. */
  | readonly ['offer', realm: Uri, procedure: Uri, options: Dict, request: Id, session: Id, callee: CalleeDetails, at: number]
  /** A session of the node, or of another one, is no longer a callee. A session that did not ask for it is informed, with a reason or null. */
  | readonly ['withdraw', realm: Uri, registration: Id, node: NodeId, session: Id, asked: boolean, reason: Uri | null]

/** A change of one kind. */
export type ChangeOf<K extends Change[0]> = Extract<Change, readonly [K, ...unknown[]]>

/** What the other nodes know about a callee. */
export interface CalleeDetails extends Dict {
  readonly authid: string
  readonly authrole: string
  readonly isTrusted: boolean
  /** The features that its client announced, and that concern callees. */
  readonly features: readonly string[]
}

/** The changes that a node proposes together, with a number: 1 for its first entry, then 2, 3, … */
export interface Entry {
  readonly node: NodeId
  readonly number: number
  readonly changes: readonly Change[]
}

const isMatch = (value: unknown): boolean => value === 'exact' || value === 'prefix' || value === 'wildcard'

function isCalleeDetails (value: unknown): value is CalleeDetails {
  if (!isDict(value)) return false
  const { authid, authrole, isTrusted, features } = value
  return isString(authid) && isString(authrole) && isBoolean(isTrusted) && Array.isArray(features) && features.every(isString)
}

const fields: { readonly [kind in Change[0]]: ReadonlyArray<(value: unknown) => boolean> } = {
  join: [isNaturalNumber],
  renew: [],
  leave: [],
  dead: [isNodeId],
  hold: [isString, isString, isMatch, isNaturalNumber, isNaturalNumber],
  drop: [isString, isNaturalNumber, isNaturalNumber],
  offer: [isString, isString, isDict, isNaturalNumber, isNaturalNumber, isCalleeDetails, isNaturalNumber],
  withdraw: [isString, isNaturalNumber, isNodeId, isNaturalNumber, isBoolean, isUriOrNull]
}

/** The octets of an entry. The changes are given as JSON. */
export function encodeEntry ({ node, number, changes }: Omit<Entry, 'changes'> & { readonly changes: readonly string[] }): Uint8Array {
  return Buffer.from(`["${node}",${number},[${changes.join(',')}]]`)
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
