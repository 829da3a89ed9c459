import type { AnonymousOptions, CryptosignOptions, DynamicAuthOptions, WampCraUser } from './auth-options.ts'
import type { CookieOptions, DatabaseStoreOptions, FileStoreOptions } from './cookie-options.ts'
import type { JoinOptions } from './in-process/join-options.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import type { LongPollOptions } from './longpoll-options.ts'
import type { BridgeOptions, ConsoleOptions, EndpointOptions, EventHistoryOptions, FailedLoginOptions, FastifyWampOptions, FileOptions, InjectOptions, LimitOptions, PermissionOptions, RealmOptions, RoleOptions, SlowSubscriberOptions, StaticOptions } from './options.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import type { OptionOf } from './typed-schema.ts'

/** The options that have defaults, by the name of their section in `defaults`. */
interface Sections {
  plugin: Omit<FastifyWampOptions, keyof EndpointOptions | keyof FileOptions>
  files: FileOptions
  static: StaticOptions
  endpoint: EndpointOptions
  limits: LimitOptions
  failedLogins: FailedLoginOptions
  realm: RealmOptions
  role: RoleOptions
  permission: PermissionOptions
  allow: NonNullable<PermissionOptions['allow']>
  disclose: NonNullable<PermissionOptions['disclose']>
  eventHistory: EventHistoryOptions
  slowSubscribers: SlowSubscriberOptions
  cookie: CookieOptions
  fileStore: FileStoreOptions
  databaseStore: DatabaseStoreOptions
  anonymous: AnonymousOptions
  wampcraUser: WampCraUser
  cryptosign: CryptosignOptions
  dynamic: DynamicAuthOptions
  rawSocket: RawSocketOptions
  longPoll: LongPollOptions
  customTransport: CustomTransportOptions
  bridge: BridgeOptions
  bridgeUser: NonNullable<BridgeOptions['as']>
  signature: NonNullable<BridgeOptions['signature']>
  console: ConsoleOptions
  join: JoinOptions
  inject: InjectOptions
}

type OptionalOf<T> = { [K in OptionOf<T>]: object extends Pick<T, K> ? K : never }[OptionOf<T>]

/** A default for each option that may be omitted. Null if no value has the same effect as its absence. */
type DefaultsOf<T> = { readonly [K in OptionalOf<T>]: Exclude<T[K], undefined> | null }

/** Options with their defaults. */
export type Filled<T, D> = { readonly [K in keyof T & keyof D]-?: Exclude<T[K], undefined> | (null extends D[K] ? null : never) }

const endpoint = {
  path: '/ws',
  auth: { anonymous: { type: 'static' } },
  cookie: null,
  allowedOrigins: [],
  allowedHosts: null,
  requireOrigin: 'auto',
  serializers: ['json', 'msgpack', 'cbor'],
  batched: true
} as const satisfies DefaultsOf<EndpointOptions>
const session = { authid: 'app', role: 'trusted' } as const satisfies Omit<DefaultsOf<JoinOptions>, 'expires'>

/** The defaults of all options: the only place that has them, besides the documentation, which is tested. */
export const defaults = {
  plugin: { dialect: 'wamp', handshakeTimeout: 10_000, authorizerTimeout: 5_000, shutdown: 'close', shutdownTimeout: 2_000, shutdownSpread: 0, pingInterval: 25_000, limits: {}, failedLogins: {} },
  files: { static: [], client: null },
  static: { prefix: '/' },
  endpoint,
  limits: {
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
  },
  failedLogins: { address: 100, authid: 50, cookie: 20, recovery: 600 },
  realm: { uriCheck: 'loose', strictRequestIds: false, eventHistory: [], slowSubscribers: [], contract: null },
  role: { permissions: [], authorizer: null, allowDiscloseMe: true },
  permission: { match: null, allow: {}, disclose: {}, trustlevel: null, cache: null },
  allow: { call: false, register: false, publish: false, subscribe: false, forceReregister: false },
  disclose: { caller: false, publisher: false },
  eventHistory: { match: 'exact', limit: 100 },
  slowSubscribers: { match: 'exact', publishersWait: 0 },
  cookie: {
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
  },
  fileStore: { purgeOnStartup: false },
  // As in Crossbar.io.
  databaseStore: { maxSize: 2 ** 30, readonly: false, sync: true, purgeOnStartup: false },
  anonymous: { role: 'anonymous', authid: null, realm: null },
  wampcraUser: { realm: null, salt: null, iterations: 1000, keylen: 32, secretIsPlain: false },
  cryptosign: { privateKey: null },
  dynamic: { authenticatorRealm: null, authenticatorRole: 'trusted', defaultRole: null },
  rawSocket: { port: null, host: '127.0.0.1', path: null, sharePort: false, tls: null, auth: endpoint.auth, pings: false, serializers: endpoint.serializers },
  longPoll: { ...endpoint, path: '/lp', requestTimeout: 10_000, sessionTimeout: 30_000 },
  customTransport: { auth: endpoint.auth, serializers: endpoint.serializers },
  bridge: { call: null, publish: null, events: null, as: null, signature: null, allowedNetworks: null },
  bridgeUser: { authid: 'http' },
  signature: { tolerance: 300 },
  console: { realm: null },
  join: { ...session, expires: null },
  inject: { ...session, codec: 'json' }
} as const satisfies { readonly [S in keyof Sections]: DefaultsOf<Sections[S]> }

/** The options of a section, with its defaults for those that are omitted or undefined. Other options are left out. */
export function fill<D extends object, T extends { readonly [K in keyof D]?: unknown }> (section: D, given: T): Filled<T, D> {
  return Object.fromEntries(Object.entries(section).map(([name, value]) => {
    const chosen: unknown = Object.hasOwn(given, name) ? given[name as keyof T] : undefined
    return [name, chosen === undefined ? value : chosen]
  })) as Filled<T, D>
}
