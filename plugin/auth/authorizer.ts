import type { Action } from '../options.ts'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import type { TransportDetails } from '../transport/transport.ts'
import type { Decision } from './permissions.ts'

/** Who wants to do something, as an authorizer is told. */
export interface AuthorizingSession {
  /** The session id. A decision that is cached counts for all sessions of the same principal. */
  readonly session: Id
  /** Who it is. */
  readonly authid: string
  /** Its role. */
  readonly authrole: string
  /** The method that the identity was first proven by. */
  readonly authmethod: string
  /** Who vouched for it. */
  readonly authprovider: string
  /** What its authenticator has told it. */
  readonly authextra?: Dict
  /** How its connection came. */
  readonly transport: TransportDetails
}

/** An authorizer's answer in full. `true` and `false` are short for `allow` alone. */
export interface Authorization {
  /** Whether it may. */
  readonly allow: boolean
  /** Tells the other side who calls or publishes. @default false */
  readonly disclose?: boolean
  /** Keeps the answer for this principal with its authextra, action, URI and match. @default false: the next message asks again */
  readonly cache?: boolean
  /** The trust level of a call or publication, from 0. @default none is told */
  readonly trustlevel?: number
  /** Whether a registration may take the procedure over from its callees. @default false */
  readonly force_reregister?: boolean
}

/**
 * Decides what the sessions of a role may do. `options` are those of the message, such as `{ match: 'prefix' }`. What it
 * throws, and an answer of another shape, is `wamp.error.authorization_failed`: the client is not told what, the log is.
 */
export type Authorizer = (session: AuthorizingSession, uri: Uri, action: Action, options: Dict) => boolean | Authorization | Promise<boolean | Authorization>

const keys = new Set(['allow', 'disclose', 'cache', 'trustlevel', 'force_reregister'])

/** The decision of an authorizer's answer. Throws a TypeError that says what is wrong with it. */
export function toDecision (answer: unknown): Decision & { readonly cache: boolean } {
  if (typeof answer === 'boolean') return { allow: answer, disclose: false, trustlevel: undefined, forceReregister: false, cache: false }
  if (!isDict(answer)) throw new TypeError('the authorizer must return a boolean or a dict')
  // Not to know what a key asks for is not to know whether to allow.
  const unknown = Object.keys(answer).find((key) => !keys.has(key))
  if (unknown !== undefined) throw new TypeError(`the authorizer returned "${unknown}", which is not known`)
  const { allow, trustlevel } = answer
  if (typeof allow !== 'boolean') throw new TypeError('the authorizer must return "allow", a boolean')
  if (trustlevel !== undefined && (!Number.isSafeInteger(trustlevel) || Number(trustlevel) < 0)) throw new TypeError('the authorizer\'s "trustlevel" must be an integer from 0')
  return { allow, trustlevel: trustlevel as number | undefined, disclose: flag(answer, 'disclose'), cache: flag(answer, 'cache'), forceReregister: flag(answer, 'force_reregister') }
}

function flag (answer: Dict, key: string): boolean {
  const { [key]: value = false } = answer
  if (typeof value !== 'boolean') throw new TypeError(`the authorizer's "${key}" must be a boolean`)
  return value
}
