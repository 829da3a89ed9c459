import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLogins } from './check-logins.ts'
import { checkRealms } from './check-realms.ts'
import type { ProcedureContract } from './contract/contract.ts'
import { ContractChecks } from './contract/contract-checks.ts'
import type { Authorizer } from './auth/authorizer.ts'
import { errors } from './errors.ts'
import { findFault } from './options-schema.ts'
import type { AuthOptions } from './auth-options.ts'
import type { CookieOptions } from './cookie-options.ts'
import { isNetwork } from './networks.ts'
import type { BridgeOptions, ConsoleOptions, EndpointOptions, EventHistoryOptions, FailedLoginOptions, FastifyWampOptions, LimitOptions, PortOptions, RealmOptions, SlowSubscriberOptions, RoleOptions, StaticOptions } from './options.ts'
import type { Dialect } from './protocol/dialect.ts'
import type { Uri } from './protocol/uri.ts'
import { isServed } from './served-files.ts'

/** A role with every default filled in. */
export interface ResolvedRole extends Required<Omit<RoleOptions, 'authorizer'>> { readonly authorizer: Uri | Authorizer | null }
/** A realm with every default filled in. */
export interface ResolvedRealm extends Required<Omit<RealmOptions, 'roles' | 'eventHistory' | 'slowSubscribers' | 'contract'>> {
  readonly roles: Readonly<Record<string, ResolvedRole>>
  readonly eventHistory: readonly Required<EventHistoryOptions>[]
  readonly slowSubscribers: readonly Required<SlowSubscriberOptions>[]
  readonly contract: ContractChecks | null
}
/** Static files with every default filled in. */
export interface ResolvedStatic { readonly root: string, readonly prefix: string }
/** An endpoint with every default filled in. */
export interface ResolvedEndpoint {
  readonly path: string
  readonly auth: AuthOptions
  readonly cookie: Required<CookieOptions> | null
  readonly allowedOrigins: readonly string[]
  /** Null for any. */
  readonly allowedHosts: readonly string[] | null
  readonly requireOrigin: 'auto' | boolean
  readonly serializers: NonNullable<EndpointOptions['serializers']>
  readonly batched: boolean
}
/** The plugin's options with every default filled in. */
export interface ResolvedOptions {
  readonly endpoint: ResolvedEndpoint
  readonly realms: Readonly<Record<string, ResolvedRealm>>
  readonly static: readonly ResolvedStatic[]
  /** Null if the client is not served. */
  readonly client: string | null
  readonly dialect: Dialect
  readonly handshakeTimeout: number
  readonly authorizerTimeout: number
  readonly shutdown: 'close' | 'goodbye'
  readonly shutdownTimeout: number
  readonly shutdownSpread: number
  readonly pingInterval: number
  readonly limits: Required<LimitOptions>
  readonly failedLogins: Required<FailedLoginOptions>
}

/** The defaults of the options of an endpoint. */
export const endpointDefaults = { path: '/ws', auth: { anonymous: { type: 'static' } }, allowedOrigins: [], allowedHosts: null, requireOrigin: 'auto', serializers: ['json', 'msgpack', 'cbor'], batched: true } as const satisfies Omit<EndpointOptions, 'allowedHosts'> & { allowedHosts: null }
const cookieDefaults = {
  store: { type: 'memory' },
  name: 'cbtid',
  length: 24,
  maxAge: 604_800,
  secure: 'auto',
  httpOnly: true,
  sameSite: 'lax',
  partitioned: false,
  path: '/',
  idleTimeout: 0,
  rotateAfter: 0,
  secret: [],
  recheck: 60
} as const satisfies Required<CookieOptions>
const limitDefaults = {
  messageSize: 2 ** 20,
  depth: 100,
  bufferedEventBytes: 4 * 2 ** 20,
  bufferedBytes: 16 * 2 ** 20,
  heldBytes: 256 * 2 ** 20,
  pendingCalls: 10_000,
  pendingInvocations: 10_000,
  subscriptions: 10_000,
  registrations: 10_000,
  testaments: 100,
  retainedEvents: 10_000,
  storedBytes: 64 * 2 ** 20,
  connectionsOfAddress: 0,
  upgradesPerSecond: 0,
  sessionsOfRealm: 0,
  sessionsOfAuthid: 0,
  messagesPerSecond: 0,
  bytesPerSecond: 0,
  parkedBytes: 2 ** 20
} as const satisfies Required<LimitOptions>
const failedLoginDefaults = { address: 100, authid: 50, cookie: 20, recovery: 600 } as const satisfies Required<FailedLoginOptions>
const roleDefaults = { permissions: [], authorizer: null, allowDiscloseMe: true } as const satisfies ResolvedRole
const realmDefaults = { uriCheck: 'loose', strictRequestIds: false } as const satisfies Omit<Required<RealmOptions>, 'roles' | 'eventHistory' | 'slowSubscribers' | 'contract'>
const historyDefaults = { match: 'exact', limit: 100 } as const satisfies Omit<Required<EventHistoryOptions>, 'uri'>
const pluginDefaults = { dialect: 'wamp', handshakeTimeout: 10_000, authorizerTimeout: 5_000, shutdown: 'close', shutdownTimeout: 2_000, shutdownSpread: 0, pingInterval: 25_000 } as const

/**
 * The options of the plugin, checked and with every default, in a new object.
 * Throws WAMP_ERR_INVALID_OPTION with the path of the first option that is wrong.
 */
export function resolveOptions (given: FastifyWampOptions): ResolvedOptions {
  check(given, 'plugin')
  const { realms, static: files, client = null, dialect, handshakeTimeout, authorizerTimeout, shutdown, shutdownTimeout, shutdownSpread, pingInterval, limits, failedLogins, ...endpoint } = given
  const resolved: ResolvedOptions = {
    ...pluginDefaults,
    ...defined({ dialect, handshakeTimeout, authorizerTimeout, shutdown, shutdownTimeout, shutdownSpread, pingInterval }),
    realms: Object.fromEntries(Object.entries(realms).map(([name, realm]) => [name, resolveRealm(name, realm)])),
    static: [files ?? []].flat().map(resolveStatic),
    client,
    limits: { ...limitDefaults, ...defined(limits ?? {}) },
    failedLogins: { ...failedLoginDefaults, ...defined(failedLogins ?? {}) },
    endpoint: withDefaults(endpoint)
  }
  checkRealms(resolved.realms)
  checkEndpoint(resolved.endpoint, resolved.realms)
  checkCookieFile(resolved.endpoint.cookie, resolved.static)
  return Object.freeze(resolved)
}

/** Milliseconds: a time below this for a client to answer probably means seconds. */
const SHORT = 1000

/** The times that were probably given in seconds, with suggestions. */
export function doubtfulTimes (times: Readonly<Record<string, number>>): { option: string, text: string }[] {
  return Object.entries(times).filter(([, time]) => time > 0 && time < SHORT)
    .map(([option, time]) => ({ option, text: `${option} is ${time} ms, which is too short for clients on slow networks: its unit is milliseconds, so write ${time * 1000} for ${time} s` }))
}

/** The times of a cookie that have no effect, because its logins end earlier, with suggestions. */
export function futileTimes ({ cookie }: ResolvedEndpoint): { option: string, text: string }[] {
  if (cookie === null) return []
  const { maxAge, rotateAfter, idleTimeout } = cookie
  return Object.entries({ rotateAfter, idleTimeout }).filter(([, time]) => time > 0 && time >= maxAge)
    .map(([option, time]) => ({ option: `cookie.${option}`, text: `cookie.${option} is ${time} s and has no effect, because a login ends after cookie.maxAge, which is ${maxAge} s: set it to less` }))
}

/** What is served at all ports of a router, and the cookies of its endpoints: the store of none may be in a served directory. */
export interface Served {
  readonly files: ResolvedStatic[]
  readonly cookies: (Required<CookieOptions> | null)[]
}

/** The options of a further endpoint, which is added to `served`, checked against the realms that the router has, likewise. */
export function resolveEndpoint (given: EndpointOptions, options: ResolvedOptions, served: Served): ResolvedEndpoint {
  check(given, 'endpoint')
  return addEndpoint(withDefaults(given), options, served)
}

/** Checks an endpoint against the realms that the router has and the files that are served, and adds it to `served`. */
export function addEndpoint (resolved: ResolvedEndpoint, { realms }: ResolvedOptions, served: Served): ResolvedEndpoint {
  checkEndpoint(resolved, realms)
  checkCookieFile(resolved.cookie, served.files)
  served.cookies.push(resolved.cookie)
  return Object.freeze(resolved)
}

/** The files of a further port, which are added to `served`, checked likewise. */
export function resolvePort (given: PortOptions, served: Served): Pick<ResolvedOptions, 'static' | 'client'> {
  check(given, 'port')
  const files = [given.static ?? []].flat().map(resolveStatic)
  for (const cookie of served.cookies) checkCookieFile(cookie, files)
  served.files.push(...files)
  return { static: files, client: given.client ?? null }
}

/** The options of the HTTP bridge, checked likewise. */
export function checkBridge (given: BridgeOptions): void {
  check(given, 'bridge')
  const { call, publish, events, signature, allowedNetworks: networks = [] } = given
  if (call === undefined && publish === undefined && events === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('call', 'is missing: set "call", "publish" or "events" to a path')
  if (signature !== undefined && events !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('events', 'cannot be signed: register it by itself, without "signature"')
  const wrong = networks.findIndex((network) => !isNetwork(network))
  if (wrong >= 0) throw new errors.WAMP_ERR_INVALID_OPTION(`allowedNetworks[${wrong}]`, 'must be an IP address, or a network such as "192.168.1.0/24" or "fd00::/8"')
  if (given.signature !== undefined && given.as === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('signature', 'requires the option "as", because a key does not identify a user')
}

/** Checks the contract of one procedure, the option `contract` of a route. Throws WAMP_ERR_INVALID_OPTION. */
export function checkContract (given: ProcedureContract): void {
  const fault = findFault(given, 'procedure')
  if (fault !== null) throw new errors.WAMP_ERR_INVALID_OPTION(fault.path === 'options' ? 'contract' : `contract.${fault.path}`, fault.expected)
}

/** The options of the console, checked against those of the router, which the page needs. */
export function checkConsole (given: ConsoleOptions, { endpoint, realms }: ResolvedOptions): void {
  check(given, 'console')
  if (given.realm !== undefined && realms[given.realm] === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('realm', 'must be one of the realms')
  const having = Object.entries(realms).filter(([name, { roles }]) => (given.realm ?? name) === name && Object.hasOwn(roles, given.role))
  if (having.length === 0) throw new errors.WAMP_ERR_INVALID_OPTION('role', `must be a role of a realm: there is no role "${given.role}"`)
  if (having.length > 1) throw new errors.WAMP_ERR_INVALID_OPTION('realm', `must be set, because several realms have the role "${given.role}"`)
  if (endpoint.auth.cookie === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('auth.cookie', 'is required by the console, whose page logs in by cookie')
}

/** Checks options against their JSON schema. Throws WAMP_ERR_INVALID_OPTION. */
export function check (options: unknown, of: Parameters<typeof findFault>[1]): void {
  const fault = findFault(options, of)
  if (fault !== null) throw new errors.WAMP_ERR_INVALID_OPTION(fault.path, fault.expected)
}

/** The options of an endpoint, with every default. */
export function withDefaults (given: EndpointOptions): ResolvedEndpoint {
  const { cookie, ...rest } = given
  return { ...endpointDefaults, ...defined(rest), cookie: cookie === undefined ? null : { ...cookieDefaults, ...defined(cookie) } }
}

function resolveRealm (name: string, { roles, eventHistory = [], slowSubscribers = [], contract, ...rest }: RealmOptions): ResolvedRealm {
  const resolved = Object.entries(roles).map(([name, role]) => [name, { ...roleDefaults, ...defined(role) }] as const)
  return {
    ...realmDefaults,
    ...defined(rest),
    roles: Object.fromEntries(resolved),
    eventHistory: eventHistory.map(({ uri, ...rest }) => ({ ...historyDefaults, ...defined(rest), uri })),
    slowSubscribers: slowSubscribers.map(({ uri, policy, match = 'exact', publishersWait = 0 }) => ({ uri, policy, match, publishersWait })),
    contract: contract === undefined ? null : new ContractChecks(contract, `realms.${name}.contract`)
  }
}

function resolveStatic ({ root, prefix = '/' }: StaticOptions): ResolvedStatic {
  return { root: resolve(root instanceof URL ? fileURLToPath(root) : root), prefix }
}

function checkEndpoint ({ auth, cookie, allowedOrigins }: ResolvedEndpoint, realms: ResolvedOptions['realms']): void {
  // A cookie alone will do: `reply.wampSignIn` logs in by REST.
  if (auth.cookie !== undefined && cookie === null) {
    throw new errors.WAMP_ERR_INVALID_OPTION('auth.cookie', 'needs the "cookie" option')
  }
  checkLogins(auth, realms, auth === endpointDefaults.auth)
  if (cookie !== null) checkCookie(cookie)
  for (const [i, origin] of allowedOrigins.entries()) checkOrigin(origin, `allowedOrigins[${i}]`)
}

/** Browsers send an origin in one form only: in lower case, and without a default port. */
function checkOrigin (origin: string, option: string): void {
  if (origin === '*') return
  if (origin.includes('*')) throw new errors.WAMP_ERR_INVALID_OPTION(option, `must be an origin without "*", because patterns are not supported, and not "${origin}"`)
  const { protocol, host } = URL.canParse(origin) ? new URL(origin) : { protocol: '', host: '' }
  if (`${protocol}//${host}` !== origin) throw new errors.WAMP_ERR_INVALID_OPTION(option, `must be an origin as browsers send it${host === '' ? '' : `, such as "${protocol}//${host}"`}, and not "${origin}"`)
}

/** Characters of a secret: of random Base64, 192 bits. */
const SHORTEST_SECRET = 32
/** Seconds: a replaced cookie still counts for as long. */
const SHORTEST_TIME = 60

// If browsers reject the cookie, logins are never restored.
function checkCookie ({ name, secure, httpOnly, sameSite, partitioned, path, secret, ...cookie }: Required<CookieOptions>): void {
  for (const option of ['idleTimeout', 'rotateAfter'] as const) {
    if (cookie[option] > 0 && cookie[option] < SHORTEST_TIME) throw new errors.WAMP_ERR_INVALID_OPTION(`cookie.${option}`, `must be 0, or ${SHORTEST_TIME} seconds or more`)
  }
  if ([secret].flat().some((one) => one.length < SHORTEST_SECRET)) throw new errors.WAMP_ERR_INVALID_OPTION('cookie.secret', `must have ${SHORTEST_SECRET} characters or more`)
  if (partitioned && secure !== true) throw new errors.WAMP_ERR_INVALID_OPTION('cookie.secure', 'must be true for a partitioned cookie')
  if (sameSite === 'none' && secure !== true) throw new errors.WAMP_ERR_INVALID_OPTION('cookie.secure', 'must be true with sameSite "none"')
  if (/^__(Host|Secure|Http)-/i.test(name) && secure !== true) throw new errors.WAMP_ERR_INVALID_OPTION('cookie.secure', `must be true for a cookie named "${name}"`)
  if (/^__(Host-)?Http-/i.test(name) && !httpOnly) throw new errors.WAMP_ERR_INVALID_OPTION('cookie.httpOnly', `must be true for a cookie named "${name}"`)
  if (/^__Host-/i.test(name) && path !== '/') throw new errors.WAMP_ERR_INVALID_OPTION('cookie.path', `must be "/" for a cookie named "${name}"`)
}

function checkCookieFile (cookie: Required<CookieOptions> | null, files: readonly ResolvedStatic[]): void {
  if (cookie === null) return
  const { store } = cookie
  const option = 'filename' in store ? 'filename' : 'path'
  const given = 'filename' in store ? store.filename : 'path' in store ? store.path : null
  if (given === null) return
  if (!files.some(({ root }) => isServed(root, resolve(given)))) return
  throw new errors.WAMP_ERR_INVALID_OPTION(`cookie.store.${option}`, 'must not be inside a static root: it would be served')
}

/** Without the keys that are undefined: `{ ...defaults, ...given }` must not undo a default. */
function defined<T extends object> (given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
