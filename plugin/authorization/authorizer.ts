import type { Action } from '../protocol/action.ts'
import type { Id } from '../protocol/id.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'
import type { TransportDetails } from '../transport/transport.ts'
import type { Decision } from './decision.ts'

/** The session that requests an action, as passed to an authorizer. */
export interface AuthorizingSession {
  /** The session id. A cached decision applies to all sessions of the same principal. */
  readonly session: Id
  /** The name of the user. */
  readonly authid: string
  /** The role of the user. */
  readonly authrole: string
  /** The method that originally proved the identity. */
  readonly authmethod: string
  /** The source of the identity. */
  readonly authprovider: string
  /** The information from its authenticator. */
  readonly authextra?: Dict
  /** The connection of the session. */
  readonly transport: TransportDetails
}

/** The decision of an authorizer. `true` and `false` are short for `{ allow }`. */
export interface Authorization {
  /** Allows or denies the action. */
  readonly allow: boolean
  /** Discloses the caller or publisher to the other side. @default false */
  readonly disclose?: boolean
  /** Caches the decision for this principal (including its authextra), action, URI and match policy. @default false, the authorizer is called for each message */
  readonly cache?: boolean
  /** The trust level of a call or publication, a non-negative integer. @default not sent */
  readonly trustlevel?: number
  /** Allows a registration to take over the procedure from its callees. @default false */
  readonly force_reregister?: boolean
}

/**
 * Authorizes the actions of a role's sessions. `options` are those of the message, such as `{ match: 'prefix' }`. If the authorizer throws or
 * returns any other value, the error is logged, and the client receives `wamp.error.authorization_failed`.
 */
export type Authorizer = (session: AuthorizingSession, uri: Uri, action: Action, options: Dict) => boolean | Authorization | Promise<boolean | Authorization>

const keys = new Set(['allow', 'disclose', 'cache', 'trustlevel', 'force_reregister'])

/** The decision for an authorizer's answer. Throws a TypeError that describes the fault. */
export function toDecision (answer: unknown): Decision & { readonly cache: boolean } {
  if (typeof answer === 'boolean') return { allow: answer, disclose: false, trustlevel: undefined, forceReregister: false, cache: false }
  if (!isDict(answer)) throw new TypeError('the authorizer must return a boolean or a dict')
  // An unknown key could be a restriction, so the answer cannot be trusted.
  const unknown = Object.keys(answer).find((key) => !keys.has(key))
  if (unknown !== undefined) throw new TypeError(`the authorizer returned an unknown entry "${unknown}"`)
  const { allow, trustlevel } = answer
  if (typeof allow !== 'boolean') throw new TypeError('the authorizer must return "allow", a boolean')
  if (trustlevel !== undefined && (!Number.isSafeInteger(trustlevel) || Number(trustlevel) < 0)) throw new TypeError('the authorizer\'s "trustlevel" must be a non-negative integer')
  return { allow, trustlevel: trustlevel as number | undefined, disclose: flag(answer, 'disclose'), cache: flag(answer, 'cache'), forceReregister: flag(answer, 'force_reregister') }
}

function flag (answer: Dict, key: string): boolean {
  const { [key]: value = false } = answer
  if (typeof value !== 'boolean') throw new TypeError(`the authorizer's "${key}" must be a boolean`)
  return value
}
