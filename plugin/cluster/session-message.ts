import type { Uri } from '../protocol/uri.ts'
import { isDict, isNaturalNumber, isString } from '../protocol/wire-value.ts'
import type { DecisionFilter, KillFilter, KillOrder } from '../routing/federation.ts'
import { isSessionFields } from './remote-session.ts'
import type { RosterNews } from './roster.ts'

/** A message about the sessions of a realm. */
export type SessionMessage =
  | { readonly kind: 'sessions', readonly realm: Uri, readonly news: RosterNews }
  /** Ends the sessions of the receiver that match a filter. */
  | { readonly kind: 'kill', readonly realm: Uri, readonly filter: KillFilter, readonly order: KillOrder }
  | { readonly kind: 'forget decisions', readonly realm: Uri, readonly filter: DecisionFilter }

/** The message of its fields. Null if it is malformed, undefined if it is of another kind. */
export function toSessionMessage (kind: string, [realm, ...fields]: readonly unknown[]): SessionMessage | null | undefined {
  if (kind !== 'sessions' && kind !== 'kill' && kind !== 'forget decisions') return undefined
  if (!isString(realm)) return null
  const [first, second, third, manner] = fields
  if (kind === 'sessions') {
    if ((first !== 'all' && first !== 'changes') || !isListOf(second, isSessionFields) || !isListOf(third, isNaturalNumber)) return null
    return { kind, realm, news: { scope: first, joined: second, left: third } }
  }
  if (!isFilter(first)) return null
  if (kind === 'forget decisions') return { kind, realm, filter: first }
  if (!isString(second) || !(third === null || isString(third)) || (manner !== 'told' && manner !== 'quietly')) return null
  return { kind, realm, filter: first, order: { reason: second, message: third ?? undefined, manner } }
}

function isListOf<T> (value: unknown, check: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(check)
}

function isFilter (value: unknown): value is KillFilter {
  if (!isDict(value)) return false
  const { authid, authrole, session } = value
  return (authid === undefined || isString(authid)) && (authrole === undefined || isString(authrole)) && (session === undefined || isNaturalNumber(session))
}
