import type { AuthMethod } from '../auth-methods.ts'
import type { AnonymousOptions, AuthOptions, CookieAuthOptions, CryptosignOptions, DynamicAuthOptions, TicketOptions, TlsOptions, WampCraOptions } from '../auth-options.ts'
import { defaults } from '../option-defaults.ts'
import { checkRole, only } from './realms.ts'
import type { Reach } from './realms.ts'
import { present } from './setting.ts'
import type { Setting, Settings } from './setting.ts'

type Reader<O> = (setting: Setting, reach: Reach) => O

/** The supported methods: all that Crossbar.io has as well. Others cause an error, because their users would be locked out. */
const readers: { readonly [M in Exclude<AuthMethod, 'wamp-scram'>]: Reader<NonNullable<AuthOptions[M]>> } = {
  anonymous: byType(readAnonymous),
  ticket: byType(readTicket),
  wampcra: byType(readWampCra),
  cryptosign: byType(readCryptosign),
  tls: byType(readTls),
  cookie: readCookieLogin
}
const methods: ReadonlyMap<string, Reader<NonNullable<AuthOptions[string]>>> = new Map(Object.entries(readers))
const scram = 'is not supported: Crossbar.io\'s "scram" has a different exchange than the specification\'s "wamp-scram", and different keys'

/** Reads `auth` of a WebSocket service. Returns undefined if it is empty: as without `auth`, only anonymous sessions are allowed. */
export function readAuth (setting: Setting, reach: Reach): AuthOptions | undefined {
  const given = setting.map()
  const auth: AuthOptions = {}
  for (const [method, entry] of given) {
    if (method === 'scram') entry.fail(scram)
    const read = methods.get(method) ?? entry.fail(`is not supported: the methods are ${[...methods.keys()].join(', ')}`)
    auth[method] = read(entry, reach)
  }
  if (given.size === 0) return undefined
  if (given.size === 1 && given.has('cookie')) setting.fail('must have a method in addition to "cookie": clients must log in first')
  return auth
}

function readAnonymous (setting: Setting, reach: Reach): AnonymousOptions {
  const anonymous = setting.record({ served: ['type', 'role', 'authid', 'realm'] })
  const role = anonymous.find('role')?.text()
  const realm = anonymous.find('realm')?.text()
  checkRole(anonymous.find('role') ?? setting, role ?? defaults.anonymous.role, realm === undefined ? reach : only(anonymous.get('realm'), realm, reach))
  return { type: 'static', ...present({ role, realm, authid: anonymous.find('authid')?.text() }) }
}

function readTicket (setting: Setting, reach: Reach): TicketOptions {
  const ticket = setting.record({ served: ['type', 'principals', 'default-role'] })
  const principals = [...ticket.get('principals').map()].map(([authid, entry]) => {
    const principal = entry.record({ served: ['ticket', 'role'] })
    return [authid, { ticket: principal.get('ticket').text(), role: readRole(principal, ticket, reach) }] as const
  })
  return { type: 'static', principals: Object.fromEntries(principals) }
}

function readWampCra (setting: Setting, reach: Reach): WampCraOptions {
  const wampcra = setting.record({ served: ['type', 'users', 'default-role'] })
  const users = [...wampcra.get('users').map()].map(([authid, entry]) => {
    const user = entry.record({ served: ['secret', 'role', 'salt', 'iterations', 'keylen'] })
    const salt = user.find('salt')?.text()
    return [authid, {
      secret: user.get('secret').text(),
      role: readRole(user, wampcra, reach),
      // Crossbar.io derives the key from the stored value. In the specification, the stored value is the derived key.
      ...(salt === undefined ? {} : { salt, secretIsPlain: true }),
      ...present({ iterations: user.find('iterations')?.integer(1), keylen: user.find('keylen')?.integer(1) })
    }] as const
  })
  return { type: 'static', users: Object.fromEntries(users) }
}

function readCryptosign (setting: Setting, reach: Reach): CryptosignOptions {
  const cryptosign = setting.record({ served: ['type', 'principals', 'trustroots', 'default-role'] })
  cryptosign.find('trustroots')?.fail('is not supported: list "principals" with their "authorized_keys"')
  const principals = [...cryptosign.get('principals').map()].map(([authid, entry]) => {
    const principal = entry.record({ served: ['authorized_keys', 'role', 'realm'] })
    const realm = principal.find('realm')?.text()
    return [authid, {
      authorizedKeys: principal.get('authorized_keys').list().map(readKey),
      role: readRole(principal, cryptosign, realm === undefined ? reach : only(principal.get('realm'), realm, reach)),
      ...present({ realm })
    }] as const
  })
  return { type: 'static', principals: Object.fromEntries(principals) }
}

function readKey (setting: Setting): string {
  const key = setting.text()
  return /^[0-9a-f]{64}$/i.test(key) ? key : setting.fail('must be a public key: 64 hex digits')
}

function readTls (setting: Setting, reach: Reach): TlsOptions {
  const tls = setting.record({ served: ['type', 'principals', 'default-role'] })
  const principals = [...tls.get('principals').map()].map(([authid, entry]) => {
    const principal = entry.record({ served: ['certificate-sha1', 'role'] })
    return [authid, { certificateSha1: readFingerprint(principal.get('certificate-sha1')), role: readRole(principal, tls, reach) }] as const
  })
  return { type: 'static', principals: Object.fromEntries(principals) }
}

function readFingerprint (setting: Setting): string {
  const fingerprint = setting.text()
  return /^(?:[0-9a-f]{2}:){19}[0-9a-f]{2}$/i.test(fingerprint) ? fingerprint : setting.fail('must be a SHA-1 fingerprint: 20 pairs of hex digits, separated by colons')
}

/** Crossbar.io ignores this value, so it may be anything. */
function readCookieLogin (): CookieAuthOptions {
  return {}
}

/** The type is read first, because each type has its own keys. */
function byType<O> (readStatic: Reader<O>): Reader<O | DynamicAuthOptions> {
  return (setting, reach) => {
    const type = setting.member('type')
    const name = type.string()
    if (name === 'dynamic') return readDynamic(setting, reach)
    return name === 'static' ? readStatic(setting, reach) : type.fail('must be "static" or "dynamic": authenticators of other types are not supported')
  }
}

function readDynamic (setting: Setting, reach: Reach): DynamicAuthOptions {
  const dynamic = setting.record({ served: ['type', 'authenticator', 'authenticator-realm', 'authenticator-role', 'default-role'] })
  // It may return any role. If several routers become one, this includes roles of another worker's realm.
  if (reach.foreign.size > 0) setting.fail('is not supported if the node has realms or roles that this worker\'s clients may not have: the authenticator might return such a role')
  const authenticatorRealm = dynamic.find('authenticator-realm')?.text()
  if (authenticatorRealm !== undefined && !reach.own.has(authenticatorRealm)) dynamic.get('authenticator-realm').fail('must name a realm of this worker')
  const defaultRole = dynamic.find('default-role')?.text()
  if (defaultRole !== undefined) checkRole(dynamic.get('default-role'), defaultRole, reach)
  return { type: 'dynamic', authenticator: dynamic.get('authenticator').text(), ...present({ authenticatorRealm, authenticatorRole: dynamic.find('authenticator-role')?.text(), defaultRole }) }
}

function readRole (principal: Settings<'role'>, method: Settings<'default-role'>, reach: Reach): string {
  const setting = principal.find('role') ?? method.find('default-role') ?? principal.get('role')
  const role = setting.text()
  checkRole(setting, role, reach)
  return role
}
