import type { AuthOptions, DynamicAuthOptions } from './auth-options.ts'
import { didYouMean } from './did-you-mean.ts'
import { errors } from './errors.ts'
import { isUri } from './protocol/uri.ts'
import type { ResolvedOptions } from './resolve-options.ts'

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
  if (role !== undefined && role !== 'trusted' && !(realm === undefined ? has(role) : Object.hasOwn(realms[realm]!.roles, role))) fail('authenticatorRole', `must be a role: there is no role "${role}"`)
  if (defaultRole !== undefined && !has(defaultRole)) fail('defaultRole', `must be a role of a realm: there is no role "${defaultRole}"`)
}

interface StaticRole { readonly role: string, readonly realm?: string | undefined }

function * staticRoles ({ anonymous, ticket, wampcra, 'wamp-scram': scram, cryptosign, tls }: AuthOptions): Iterable<StaticRole & { path: string }> {
  if (anonymous?.type === 'static') yield { path: 'auth.anonymous', role: anonymous.role ?? 'anonymous', realm: anonymous.realm }
  const byPath: Readonly<Record<string, Readonly<Record<string, StaticRole>>>> = {
    'auth.ticket.principals': ticket?.type === 'static' ? ticket.principals : {},
    'auth.wampcra.users': wampcra?.type === 'static' ? wampcra.users : {},
    'auth.wamp-scram.principals': scram?.type === 'static' ? scram.principals : {},
    'auth.cryptosign.principals': cryptosign?.type === 'static' ? cryptosign.principals : {},
    'auth.tls.principals': tls?.type === 'static' ? tls.principals : {}
  }
  for (const [path, principals] of Object.entries(byPath)) {
    for (const [authid, { role, realm }] of Object.entries(principals)) yield { path: `${path}.${authid}`, role, realm }
  }
}
