import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLogins } from './check-logins.ts'
import { checkRealms } from './check-realms.ts'
import { checkSerializers } from './check-serializers.ts'
import type { ProcedureContract } from './contract/contract.ts'
import { ContractChecks } from './contract/contract-checks.ts'
import { errors } from './errors.ts'
import { findFault } from './options-schema.ts'
import type { CookieOptions } from './cookie-options.ts'
import { isNetwork } from './networks.ts'
import { defaults, fill } from './option-defaults.ts'
import type { Filled } from './option-defaults.ts'
import type { BridgeOptions, ConsoleOptions, EndpointOptions, FastifyWampOptions, FileOptions, PortOptions, RealmOptions, StaticOptions } from './options.ts'
import type { ResolvedEndpoint, ResolvedOptions, ResolvedRealm, ResolvedStatic } from './resolved-options.ts'
import { isServed } from './served-files.ts'

/**
 * The options of the plugin, checked and with every default, in a new object.
 * Throws WAMP_ERR_INVALID_OPTION with the path of the first option that is wrong.
 */
export function resolveOptions (given: FastifyWampOptions): ResolvedOptions {
  check(given, 'plugin')
  const { limits, failedLogins, ...options } = fill(defaults.plugin, given)
  const resolved: ResolvedOptions = {
    ...options,
    ...resolveFiles(given),
    realms: Object.fromEntries(Object.entries(given.realms).map(([name, realm]) => [name, resolveRealm(name, realm)])),
    limits: fill(defaults.limits, limits),
    failedLogins: fill(defaults.failedLogins, failedLogins),
    endpoint: withDefaults(given)
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
  const { static: files, client } = resolveFiles(given)
  for (const cookie of served.cookies) checkCookieFile(cookie, files)
  served.files.push(...files)
  return { static: files, client }
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
function withDefaults (given: EndpointOptions): ResolvedEndpoint {
  return resolveCookie(fill(defaults.endpoint, given))
}

/** Fills in the defaults of the cookie of an endpoint that has all other defaults. */
export function resolveCookie (filled: Filled<EndpointOptions, typeof defaults.endpoint>): ResolvedEndpoint {
  return { ...filled, cookie: filled.cookie === null ? null : fill(defaults.cookie, filled.cookie) }
}

function resolveRealm (name: string, given: RealmOptions): ResolvedRealm {
  const { eventHistory, slowSubscribers, contract, ...rest } = fill(defaults.realm, given)
  return {
    ...rest,
    roles: Object.fromEntries(Object.entries(given.roles).map(([name, role]) => [name, fill(defaults.role, role)])),
    eventHistory: eventHistory.map((one) => ({ uri: one.uri, ...fill(defaults.eventHistory, one) })),
    slowSubscribers: slowSubscribers.map((one) => ({ uri: one.uri, policy: one.policy, ...fill(defaults.slowSubscribers, one) })),
    contract: contract === null ? null : new ContractChecks(contract, `realms.${name}.contract`)
  }
}

function resolveFiles (given: FileOptions): Pick<ResolvedOptions, 'static' | 'client'> {
  const { static: files, client } = fill(defaults.files, given)
  return { static: [files].flat().map(resolveStatic), client }
}

function resolveStatic (given: StaticOptions): ResolvedStatic {
  const { root } = given
  return { root: resolve(root instanceof URL ? fileURLToPath(root) : root), ...fill(defaults.static, given) }
}

function checkEndpoint ({ auth, cookie, allowedOrigins, serializers }: ResolvedEndpoint, realms: ResolvedOptions['realms']): void {
  // A cookie alone will do: `reply.wampSignIn` logs in by REST.
  if (auth.cookie !== undefined && cookie === null) {
    throw new errors.WAMP_ERR_INVALID_OPTION('auth.cookie', 'needs the "cookie" option')
  }
  checkLogins(auth, realms, auth === defaults.endpoint.auth)
  if (cookie !== null) checkCookie(cookie)
  for (const [i, origin] of allowedOrigins.entries()) checkOrigin(origin, `allowedOrigins[${i}]`)
  checkSerializers(serializers)
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
