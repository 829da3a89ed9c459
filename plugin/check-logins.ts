import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { AuthOptions, DynamicAuthOptions } from './auth-options.ts'
import type { CookieOptions } from './cookie-options.ts'
import { didYouMean } from './did-you-mean.ts'
import { errors } from './errors.ts'
import { staticUsers } from './auth/static-users.ts'
import type { StaticUser } from './auth/static-users.ts'
import { defaults } from './option-defaults.ts'
import { trusted } from './protocol/trusted.ts'
import { isUri } from './protocol/uri.ts'
import type { ResolvedOptions } from './resolved-options.ts'

/** Checks that the realms and roles of logins exist. `isDefault`: no `auth` was given. Throws WAMP_ERR_INVALID_OPTION. */
export function checkLogins (auth: AuthOptions, realms: ResolvedOptions['realms'], isDefault: boolean): void {
  if (Object.values(auth).every((method) => method === undefined)) throw new errors.WAMP_ERR_INVALID_OPTION('auth', 'must name a method')
  for (const { path, role, realm } of staticRoles(auth)) {
    if (realm !== undefined && realms[realm] === undefined) throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.realm`, `must be one of the realms: there is no realm "${realm}"${didYouMean(realm, Object.keys(realms))}`)
    const roles = new Set((realm === undefined ? Object.values(realms) : [realms[realm]!]).flatMap((one) => Object.keys(one.roles)))
    if (roles.has(role)) continue
    if (isDefault) throw new errors.WAMP_ERR_INVALID_OPTION('auth', `is missing: without it clients join anonymously with the role "${role}", which no realm defines: set auth, or add realms.${Object.keys(realms)[0]}.roles.${role}`)
    throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.role`, `must be a role of ${realm === undefined ? 'a realm' : `realm "${realm}"`}: there is no role "${role}"${didYouMean(role, roles)}`)
  }
  for (const [method, options] of Object.entries(auth)) if (options !== undefined && 'type' in options && options.type === 'dynamic') checkDynamic(options, `auth.${method}`, realms)
}

function checkDynamic ({ authenticator, authenticatorRealm: realm, authenticatorRole: role, defaultRole }: DynamicAuthOptions, path: string, realms: ResolvedOptions['realms']): void {
  const fail = (option: string, expected: string): never => { throw new errors.WAMP_ERR_INVALID_OPTION(`${path}.${option}`, expected) }
  const has = (name: string): boolean => Object.values(realms).some(({ roles }) => Object.hasOwn(roles, name))
  if (!isUri(authenticator)) fail('authenticator', 'must be a URI')
  if (realm !== undefined && realms[realm] === undefined) fail('authenticatorRealm', 'must be one of the realms')
  if (role !== undefined && role !== trusted && !(realm === undefined ? has(role) : Object.hasOwn(realms[realm]!.roles, role))) fail('authenticatorRole', `must be a role: there is no role "${role}"`)
  if (defaultRole !== undefined && !has(defaultRole)) fail('defaultRole', `must be a role of a realm: there is no role "${defaultRole}"`)
}

/** An endpoint, as far as logins by cookie are concerned. `path` includes the prefix of its scope. */
export interface LoginEndpoint {
  readonly path: string
  readonly auth?: AuthOptions | undefined
  readonly cookie?: CookieOptions | null | undefined
}

/**
 * True if one of two endpoints would accept a login as its own that was made at the other one. A login has the path of its endpoint, which
 * only distinguishes the endpoints of one port.
 */
export function areConfusable (a: LoginEndpoint, b: LoginEndpoint): boolean {
  if (a.path !== b.path || isDeepStrictEqual(a.auth, b.auth)) return false
  if (a.auth?.cookie === undefined && b.auth?.cookie === undefined) return false
  return a.cookie != null && b.cookie != null && (isSameCookie(a.cookie, b.cookie) || mayBeSameStore(a.cookie.store, b.cookie.store))
}

function isSameCookie ({ name, path = defaults.cookie.path }: CookieOptions, { name: otherName, path: otherPath = defaults.cookie.path }: CookieOptions): boolean {
  return name === otherName && path === otherPath
}

/** Two stores of the app may have one database. */
function mayBeSameStore (a: CookieOptions['store'], b: CookieOptions['store']): boolean {
  if (a === undefined || b === undefined) return false
  if ('get' in a || 'get' in b) return 'get' in a && 'get' in b
  const [place, other] = [a, b].map((store) => 'filename' in store ? store.filename : 'path' in store ? store.path : null)
  return place != null && other != null && resolve(place) === resolve(other)
}

function * staticRoles (auth: AuthOptions): Iterable<StaticUser & { path: string }> {
  const { anonymous } = auth
  if (anonymous?.type === 'static') yield { path: 'auth.anonymous', role: anonymous.role ?? defaults.anonymous.role, ...(anonymous.realm === undefined ? {} : { realm: anonymous.realm }) }
  for (const { path, users } of staticUsers(auth)) {
    for (const [authid, user] of Object.entries(users)) yield { ...user, path: `${path}.${authid}` }
  }
}
