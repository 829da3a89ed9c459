import type { Grant, Principal } from '../auth/authenticator.ts'
import { isOver, isTime } from '../auth/expiry.ts'
import { partsOf } from '../auth/grant-parts.ts'
import { WampError } from '../errors.ts'
import { routerRoles } from '../protocol/features.ts'
import type { Features } from '../protocol/features.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Realm } from '../realm/realm.ts'
import type { Farewell } from './kicks.ts'

/** The session that a handshake opens. */
export interface Admission {
  readonly realm: Realm
  readonly principal: Principal
  readonly features: Features
  readonly viaCookie: boolean
  /** Called when the client logs out. */
  readonly onLogout: (() => unknown) | undefined
  /** Added to WELCOME.Details.authextra. */
  readonly proof: Dict | undefined
  /** The GOODBYE that ends the session at once, or null: it was kicked during the login. */
  readonly farewell: Farewell | null
}

/**
 * The principal that an authenticator grants, which may be a function of the app, to a client that requests a realm. Throws a WampError for a
 * grant that lacks a part, and a TypeError for one that the app cannot have meant.
 */
export function principalOf (grant: Grant, requested: Uri | null, method: string): Principal {
  if (typeof grant !== 'object' || grant === null) throw new TypeError(`the authenticator for "${method}" returned no grant and threw no error`)
  if (grant.role === undefined && 'authrole' in grant) throw new TypeError(`the authenticator for "${method}" granted an "authrole": the field is called "role"`)
  const { authid, role, expires } = grant
  const { authmethod = method, authprovider = 'function', extra } = partsOf(grant, (text) => new TypeError(`the authenticator for "${method}" granted ${text}`))
  const realm = grant.realm ?? requested
  if (realm !== null && typeof realm !== 'string') throw new TypeError(`the authenticator for "${method}" granted a "realm" that is not a string`)
  if (realm === null) throw new WampError(reasons.noSuchRealm, { args: ['no realm was requested, and the authenticator assigned none'] })
  if (!isAssigned(authid, 'authid', method)) throw new WampError(reasons.noSuchPrincipal, { args: ['the authenticator assigned no authid'] })
  if (!isAssigned(role, 'role', method)) throw new WampError(reasons.noSuchRole, { args: ['the authenticator assigned no role'] })
  const principal = { realm, authid, authrole: role, authmethod, authprovider }
  if (extra === undefined && expires === undefined) return Object.freeze(principal)
  return Object.freeze({ ...principal, ...(extra === undefined ? {} : { authextra: extra }), ...expiryOf(expires, method) })
}

/** False for a part of a grant that is absent. Throws if it is no string: an id of a database is often a number. */
function isAssigned (part: unknown, name: 'authid' | 'role', method: string): part is string {
  if (part === undefined || part === null || part === '') return false
  if (typeof part !== 'string') throw new TypeError(`the authenticator for "${method}" granted ${name === 'role' ? 'a' : 'an'} "${name}" that is not a string`)
  return true
}

/** The expiry of a grant, if it has one. */
function expiryOf (expires: Grant['expires'], method: string): Pick<Principal, 'expires'> {
  if (expires === undefined || expires === null) return {}
  if (!isTime(expires)) throw new TypeError(`the authenticator for "${method}" granted an "expires" that is not a Date`)
  if (isOver(expires)) throw new WampError(reasons.authenticationRequired, { args: ['the login has expired'] })
  return { expires }
}

/** The proof of a grant, which may come from a function of the app. Throws a TypeError if it is not a dict. */
export function proofOf ({ proof }: Grant, method: string): Dict | undefined {
  if (proof === undefined || proof === null) return undefined
  if (typeof proof !== 'object' || Array.isArray(proof)) throw new TypeError(`the authenticator for "${method}" granted a "proof" that is not a dict`)
  return proof
}

/** The WELCOME.Details of a principal, with the proof for its client. */
export function welcomeDetails ({ realm, authid, authrole, authmethod, authprovider, authextra }: Principal, proof: Dict | undefined): Dict {
  const details = { realm, authid, authrole, authmethod, authprovider, roles: routerRoles, agent: 'fastify-wamp' }
  return authextra === undefined && proof === undefined ? details : { ...details, authextra: { ...authextra, ...proof } }
}
