import type { AnonymousOptions, AuthOptions, CookieAuthOptions, TicketOptions, WampCraOptions } from '../options.ts'
import { checkRole } from './realms.ts'
import type { Reach } from './realms.ts'
import { present } from './setting.ts'
import type { Setting, Settings } from './setting.ts'

type MethodReader = (setting: Setting, reach: Reach) => NonNullable<AuthOptions[string]>

/** The methods that are served. What is not among them is an error: its users would be locked out. */
const methods: ReadonlyMap<string, MethodReader> = new Map<string, MethodReader>([
  ['anonymous', readAnonymous],
  ['ticket', readTicket],
  ['wampcra', readWampCra],
  ['cookie', readCookieLogin]
])

/** Reads `auth` of a WebSocket service. Undefined if it is empty: as if there were none, only anonymous may come in. */
export function readAuth (setting: Setting, reach: Reach): AuthOptions | undefined {
  const given = setting.map()
  const auth: AuthOptions = {}
  for (const [method, entry] of given) {
    const read = methods.get(method) ?? entry.fail(`is not served: the methods are ${[...methods.keys()].join(', ')}`)
    auth[method] = read(entry, reach)
  }
  if (given.size === 0) return undefined
  if (given.size === 1 && given.has('cookie')) setting.fail('must have a method beside "cookie": nobody could log in first')
  return auth
}

function readAnonymous (setting: Setting, reach: Reach): AnonymousOptions {
  checkType(setting)
  const anonymous = setting.record({ served: ['type', 'role', 'authid', 'realm'] })
  const role = anonymous.find('role')?.text()
  const realm = anonymous.find('realm')?.text()
  checkRole(anonymous.find('role') ?? setting, role ?? 'anonymous', realm === undefined ? reach : only(anonymous.get('realm'), realm, reach))
  return { type: 'static', ...present({ role, realm, authid: anonymous.find('authid')?.text() }) }
}

function only (setting: Setting, realm: string, { own }: Reach): Reach {
  return { own: new Map([[realm, own.get(realm) ?? setting.fail('must name a realm of this worker')]]), foreign: new Map() }
}

function readTicket (setting: Setting, reach: Reach): TicketOptions {
  checkType(setting)
  const ticket = setting.record({ served: ['type', 'principals', 'default-role'] })
  const principals = [...ticket.get('principals').map()].map(([authid, entry]) => {
    const principal = entry.record({ served: ['ticket', 'role'] })
    return [authid, { ticket: principal.get('ticket').text(), role: readRole(principal, ticket, reach) }] as const
  })
  return { type: 'static', principals: Object.fromEntries(principals) }
}

function readWampCra (setting: Setting, reach: Reach): WampCraOptions {
  checkType(setting)
  const wampcra = setting.record({ served: ['type', 'users', 'default-role'] })
  const users = [...wampcra.get('users').map()].map(([authid, entry]) => {
    const user = entry.record({ served: ['secret', 'role', 'salt', 'iterations', 'keylen'] })
    const salt = user.find('salt')?.text()
    return [authid, {
      secret: user.get('secret').text(),
      role: readRole(user, wampcra, reach),
      // Crossbar.io derives the key from what is stored, where the specification stores the derived key.
      ...(salt === undefined ? {} : { salt, secretIsPlain: true }),
      ...present({ iterations: user.find('iterations')?.integer(1), keylen: user.find('keylen')?.integer(1) })
    }] as const
  })
  return { type: 'static', users: Object.fromEntries(users) }
}

/** Crossbar.io looks at nothing here, so anything may stand here. */
function readCookieLogin (): CookieAuthOptions {
  return {}
}

/** Looked at first: the other types have other keys, and it is the type that is not served. */
function checkType (setting: Setting): void {
  const type = setting.member('type')
  if (type.string() !== 'static') type.fail('must be "static": authenticators of other types are not served')
}

function readRole (principal: Settings<'role'>, method: Settings<'default-role'>, reach: Reach): string {
  const setting = principal.find('role') ?? method.find('default-role') ?? principal.get('role')
  const role = setting.text()
  checkRole(setting, role, reach)
  return role
}
