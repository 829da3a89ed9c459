import type { StandardCodec } from '../codec/codec.ts'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { isBoolean, isDict, isNaturalNumber, isString } from '../protocol/wire-value.ts'
import type { Miss } from '../routing/pending-call.ts'
import type { ClientKey } from '../routing/routed-session.ts'
import type { NodeMessage } from './channels.ts'
import { unpackPayload } from './payload-fields.ts'

/** A call to a callee of another node, or a part of one. `number` identifies the call among those from one node to another. */
export type CallMessage =
  | {
    readonly kind: 'invoke'
    readonly number: number
    readonly realm: Uri
    readonly registration: Id
    readonly callee: Id
    readonly client: ClientKey
    readonly details: Dict
    readonly payload: Payload
  }
  /** More input of a progressive call. */
  | { readonly kind: 'input', readonly number: number, readonly isLast: boolean, readonly payload: Payload }
  | { readonly kind: 'interrupt', readonly number: number, readonly mode: CancelMode }
  | { readonly kind: 'result', readonly number: number, readonly details: Dict, readonly payload: Payload }
  | { readonly kind: 'error', readonly number: number, readonly error: Uri, readonly details: Dict, readonly payload: Payload }
  /** The callee does not take the call: with its payload, for another one. */
  | { readonly kind: 'miss', readonly number: number, readonly why: Miss, readonly payload: Payload }

type CancelMode = 'kill' | 'killnowait' | 'skip'

const misses: readonly unknown[] = ['gone', 'busy', 'congested', 'full', 'closed', 'unencodable', 'oversized'] satisfies Miss[]
const modes: readonly unknown[] = ['kill', 'killnowait', 'skip'] satisfies CancelMode[]

/** The call message of a message between nodes. Null if it is malformed, undefined if it is of another kind. */
export function toCallMessage ({ kind, fields, octets }: NodeMessage, codecs: ReadonlyMap<string, StandardCodec>): CallMessage | null | undefined {
  const count = lengths.get(kind)
  if (count === undefined) return undefined
  const [number, ...rest] = fields
  if (!isNaturalNumber(number)) return null
  if (kind === 'interrupt') return modes.includes(rest[0]) ? { kind, number, mode: rest[0] as CancelMode } : null
  const payload = unpackPayload(rest.slice(count), octets, codecs)
  return payload === null ? null : withPayload(kind, number, rest, payload)
}

/** The number of fields between the number of the call and those of the payload. */
const lengths: ReadonlyMap<string, number> = new Map([['invoke', 5], ['input', 1], ['interrupt', 1], ['result', 1], ['error', 2], ['miss', 1]])

function withPayload (kind: string, number: number, fields: readonly unknown[], payload: Payload): CallMessage | null {
  const [first, second] = fields
  switch (kind) {
    case 'invoke': return toInvoke(number, fields, payload)
    case 'input': return isBoolean(first) ? { kind, number, isLast: first, payload } : null
    case 'result': return isDict(first) ? { kind, number, details: first, payload } : null
    case 'error': return isString(first) && isDict(second) ? { kind, number, error: first, details: second, payload } : null
    default: return misses.includes(first) ? { kind: 'miss', number, why: first as Miss, payload } : null
  }
}

function toInvoke (number: number, fields: readonly unknown[], payload: Payload): CallMessage | null {
  const [realm, registration, callee, client, details] = fields
  if (!isString(realm) || !isNaturalNumber(registration) || !isNaturalNumber(callee) || !isDict(details)) return null
  if (!isString(client) && !isNaturalNumber(client)) return null
  return { kind: 'invoke', number, realm, registration, callee, client, details, payload }
}
