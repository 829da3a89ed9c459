import type { Authenticator } from './auth/authenticator.ts'
import type { CookieRecord, CookieStore } from './cookie/cookie-store.ts'
import type { MatchPolicy, Uri, UriCheck } from './protocol/uri.ts'

/** The four actions that are authorized. */
export type Action = 'call' | 'register' | 'publish' | 'subscribe'

/** One rule of a role: what its principals may do with the URIs that it stands for. */
export interface PermissionOptions {
  /** A URI, or a pattern. */
  uri: Uri
  /**
   * How `uri` is compared. Without it stars decide, as in Crossbar.io: `com.x.*` is the prefix `com.x.`,
   * `com.*.y` the wildcard `com..y`, no star is exact.
   */
  match?: MatchPolicy
  /**
   * `forceReregister` lets a registration with `force_reregister` take the procedure over from its callees.
   * @default every action is false
   */
  allow?: Partial<Record<Action | 'forceReregister', boolean>>
  /** Discloses the caller or publisher to the other side, unasked. @default both false */
  disclose?: { caller?: boolean, publisher?: boolean }
  /** The trust level that callees and subscribers are told of calls and publications, an integer from 0. @default none is told */
  trustlevel?: number
  /** Accepted as in Crossbar.io; static decisions are always cached. */
  cache?: boolean
}

/** A role of a realm. */
export interface RoleOptions {
  /** @default [], which allows nothing */
  permissions?: readonly PermissionOptions[]
  /** May its principals ask with `disclose_me` or `disclose_caller` for disclosure? @default true */
  allowDiscloseMe?: boolean
}

/** A realm: a routing namespace of its own. */
export interface RealmOptions {
  /** The roles by name. `trusted` is the app's own and cannot be configured. */
  roles: Readonly<Record<string, RoleOptions>>
  /** Which URIs are taken. @default 'loose' */
  uriCheck?: UriCheck
  /** Makes a request id out of sequence a protocol violation. @default false */
  strictRequestIds?: boolean
  /** The topics whose events are kept for `wamp.subscription.get_events`. @default [] */
  eventHistory?: readonly EventHistoryOptions[]
}

/** A subscription whose events are kept, in memory. */
export interface EventHistoryOptions {
  /** A topic, or a pattern of topics. */
  uri: Uri
  /** @default 'exact' */
  match?: MatchPolicy
  /** Events that are kept; the oldest goes first. @default 100 */
  limit?: number
}

/** Anonymous sessions. */
export interface AnonymousOptions {
  type: 'static'
  /** @default 'anonymous' */
  role?: string
  /** @default a stable pseudonym where cookies are tracked, else a random string */
  authid?: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** Tickets: passwords that are sent as they are. Use them over TLS only. */
export interface TicketOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, { ticket: string, role: string, realm?: Uri }>>
}

/** A user of WAMP-CRA. */
export interface WampCraUser {
  /** The shared secret; with `salt` the derived key (Base64), unless `secretIsPlain`. */
  secret: string
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
  /** Makes the client derive its key from the password by PBKDF2. */
  salt?: string
  /** @default 1000 */
  iterations?: number
  /** Octets. @default 32 */
  keylen?: number
  /** With `salt`: `secret` is the password itself, and the key is derived at start. @default false */
  secretIsPlain?: boolean
}

/** WAMP challenge-response authentication. */
export interface WampCraOptions {
  type: 'static'
  /** The users by authid. */
  users: Readonly<Record<string, WampCraUser>>
}

/** What the router keeps of a password: it can check who knows it, and cannot be turned back. `scramCredentials` makes it. */
export interface ScramCredentials {
  /** How clients derive their key: PBKDF2 with SHA-256, or Argon2id 1.3. */
  kdf: 'pbkdf2' | 'argon2id13'
  /** Base64. */
  salt: string
  iterations: number
  /** KiB; with `argon2id13` alone. */
  memory?: number
  /** 32 octets in Base64. */
  storedKey: string
  /** 32 octets in Base64. */
  serverKey: string
}

/** A user of WAMP-SCRAM. */
export interface WampScramPrincipal extends ScramCredentials {
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** WAMP-SCRAM: passwords that neither the wire nor the router ever has. */
export interface WampScramOptions {
  type: 'static'
  /** The users by authid. */
  principals: Readonly<Record<string, WampScramPrincipal>>
}

/** A principal of cryptosign. */
export interface CryptosignPrincipal {
  /** The public keys by which it may log in: Ed25519, 32 octets, in hex. */
  authorizedKeys: readonly string[]
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** Public keys: the client signs a challenge. */
export interface CryptosignOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, CryptosignPrincipal>>
  /**
   * The router's own key, by which it proves itself to clients that ask: the 32 octets of an Ed25519 private key, its
   * seed, in hex. @default it does not
   */
  privateKey?: string
}

/** A principal of `tls`: one of the fingerprints of its certificate must be given, and what is given must fit. */
export interface TlsPrincipal {
  /** Hex, with or without colons. SHA-1 is there for the sake of Crossbar.io. */
  certificateSha1?: string
  /** Hex, with or without colons. */
  certificateSha256?: string
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** TLS client certificates. TLS must end in this process, with a server that asks for them and verifies them. */
export interface TlsOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, TlsPrincipal>>
}

/** A method whose proof is checked by a function of the app. */
export interface FunctionAuthOptions {
  type: 'function'
  authenticator: Authenticator
}

/** Logins by cookie; needs `cookie` to be configured. */
export interface CookieAuthOptions {
  /**
   * Decides whether a stored login still counts. It replaces the default check, by which a user that is configured
   * statically must still exist and is given the role of today.
   */
  verify?: (record: CookieRecord) => boolean | { authrole: string } | Promise<boolean | { authrole: string }>
}

/** The methods by which clients may come in. */
export interface AuthOptions {
  anonymous?: AnonymousOptions | FunctionAuthOptions
  ticket?: TicketOptions | FunctionAuthOptions
  wampcra?: WampCraOptions | FunctionAuthOptions
  'wamp-scram'?: WampScramOptions | FunctionAuthOptions
  cryptosign?: CryptosignOptions | FunctionAuthOptions
  tls?: TlsOptions | FunctionAuthOptions
  cookie?: CookieAuthOptions
  /** Any other method, by its name in HELLO.Details.authmethods. */
  [authmethod: string]: AnonymousOptions | TicketOptions | WampCraOptions | WampScramOptions | CryptosignOptions | TlsOptions | FunctionAuthOptions | CookieAuthOptions | undefined
}

/** Cookies are kept in memory: they end with the process. */
export interface MemoryStoreOptions { type: 'memory' }
/** Cookies are kept in a file, one process at a time. */
export interface FileStoreOptions {
  type: 'file'
  /** Relative to the process's working directory. */
  filename: string
  /** Drops expired records from the file when it is opened. @default false */
  purgeOnStartup?: boolean
}

/** The tracking cookie. */
export interface CookieOptions {
  /** @default { type: 'memory' } */
  store?: MemoryStoreOptions | FileStoreOptions | CookieStore
  /** @default 'cbtid' */
  name?: string
  /** Characters of the secret part, 22 to 64. @default 24, which is 144 bits */
  length?: number
  /** Seconds that a login lasts, enforced by the server too. @default 604800, 7 days */
  maxAge?: number
  /** @default 'auto': set if the request came by https */
  secure?: boolean | 'auto'
  /** @default true */
  httpOnly?: boolean
  /** @default 'lax' */
  sameSite?: 'strict' | 'lax' | 'none'
  /** @default '/' */
  path?: string
  /** Seconds between looks at whether a store shared with other processes still knows an open login. @default 60 */
  recheck?: number
}

/** Files that are served beside the WebSocket. */
export interface StaticOptions {
  /** A directory: a path or a file URL. */
  root: string | URL
  /** @default '/' */
  prefix?: string
}

/** The bounds that keep a client from taking more than its share. */
export interface LimitOptions {
  /** Bytes of one message; above it the connection closes with 1009. @default 1048576 */
  messageSize?: number
  /** Nested lists and dicts in a message, at most 1000. @default 100 */
  depth?: number
  /** Bytes that a connection may be owed before events to it are dropped. @default 4194304 */
  owedEvents?: number
  /** Bytes that a connection may be owed at all; above it the session ends. @default 16777216 */
  owed?: number
  /** Calls of one session that wait for an answer. @default 10000 */
  pendingCalls?: number
  /** Calls that one callee has not answered. @default 10000 */
  pendingInvocations?: number
  /** Subscriptions of one session. @default 10000 */
  subscriptions?: number
  /** Registrations of one session. @default 10000 */
  registrations?: number
  /** Testaments of one session. @default 100 */
  testaments?: number
  /** Retained events of a realm; the oldest goes first. @default 10000 */
  retainedEvents?: number
  /** Bytes of a realm's retained events, and of each of its event histories; the oldest goes first. @default 67108864 */
  storedBytes?: number
}

/** What belongs to one WebSocket route. */
export interface EndpointOptions {
  /** @default '/ws' */
  path?: string
  /** @default only anonymous, with role `anonymous` */
  auth?: AuthOptions
  /** Tracks browsers by a cookie. @default no cookie is read or set */
  cookie?: CookieOptions
  /**
   * Foreign origins whose pages may connect: full origins such as `https://app.example`, or `*` for any.
   * The host's own is always allowed. @default []
   */
  allowedOrigins?: readonly string[]
  /** The serializers that are offered. @default ['json', 'msgpack', 'cbor'] */
  serializers?: readonly ('json' | 'msgpack' | 'cbor')[]
}

/** The options of `fastify.register(wampPlugin, options)`. */
export interface FastifyWampOptions extends EndpointOptions {
  /** The realms by name. */
  realms: Readonly<Record<Uri, RealmOptions>>
  /** @default no files are served */
  static?: StaticOptions | readonly StaticOptions[]
  /** Milliseconds for HELLO to come, and for each AUTHENTICATE. @default 10000 */
  handshakeTimeout?: number
  /** Milliseconds for a client to answer GOODBYE before its connection is ended. @default 2000 */
  shutdownTimeout?: number
  limits?: LimitOptions
}
