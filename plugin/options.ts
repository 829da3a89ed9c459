import type { Contract } from './contract/contract.ts'
import type { AuthOptions } from './auth-options.ts'
import type { CookieOptions } from './cookie-options.ts'
import type { Authorizer } from './auth/authorizer.ts'
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
  /**
   * Decides instead of permissions: a function, or a procedure of the realm, which is called with
   * `(session, uri, action, options)` as in Crossbar.io. @default permissions decide
   */
  authorizer?: Uri | Authorizer
  /** May its principals ask with `disclose_me` or `disclose_caller` for disclosure? @default true */
  allowDiscloseMe?: boolean
}

/** What is to be done with events of a topic for a subscriber that does not keep up. */
export interface SlowSubscriberOptions {
  /** A topic, or a pattern of topics. */
  uri: Uri
  /** @default 'exact' */
  match?: MatchPolicy
  /**
   * `drop-newest`: they are dropped. `drop-oldest`: they wait, and the oldest give way. `keep-latest`: the latest of each
   * topic waits. `close`: the connection ends.
   */
  policy: 'drop-newest' | 'drop-oldest' | 'keep-latest' | 'close'
  /**
   * Milliseconds that an acknowledged publication may wait for subscribers that are owed more than half of
   * `limits.owedEvents`. Who is behind for longer is not waited for. @default 0
   */
  publishersWait?: number
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
  /** What is to be done with events for subscribers that do not keep up, by topic. @default [], they are dropped */
  slowSubscribers?: readonly SlowSubscriberOptions[]
  /** The payloads that procedures and topics have. Messages that differ are refused. @default none is looked at */
  contract?: Contract
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

/** Files that are served beside the WebSocket. */
export interface StaticOptions {
  /** A directory: a path or a file URL. */
  root: string | URL
  /** @default '/' */
  prefix?: string
}

/** The bounds that keep a client from taking more than its share. */
export interface LimitOptions {
  /**
   * Bytes of one message, or of one batch, at most 2^30; above it the connection closes with 1009. Answers of the meta API are
   * cut at it, too. In another serializer args and kwargs may have twice as many, and have no form above that. @default 1048576
   */
  messageSize?: number
  /** Nested lists and dicts in a message, at most 1000. @default 100 */
  depth?: number
  /** Bytes that a connection may be owed before events to it are dropped, at least 65536. @default 4194304 */
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
  /**
   * Bytes that a session may have waiting for an authorizer, with 512 for each message, before it is no longer read. The payloads of
   * its open calls that are kept for re-routing may have as many; calls beyond that are not re-routed. @default 1048576
   */
  parked?: number
  /** Testaments of one session. @default 100 */
  testaments?: number
  /** Retained events of a realm; the oldest goes first. @default 10000 */
  retainedEvents?: number
  /** Connections from one address, or one /64 of IPv6; 0 for any number. @default 0 */
  connectionsOfAddress?: number
  /** Connections that are made in a second; 0 for any number. @default 0 */
  upgradesPerSecond?: number
  /** Sessions of a realm; 0 for any number. @default 0 */
  sessionsOfRealm?: number
  /** Sessions of one authid in a realm; 0 for any number. @default 0 */
  sessionsOfAuthid?: number
  /** Messages that a connection may send in a second before it is read more slowly; 0 for any number. @default 0 */
  messagesPerSecond?: number
  /** Bytes that a connection may send in a second, likewise. @default 0 */
  bytesPerSecond?: number
  /** Bytes of a realm's retained events, and of each of its event histories; the oldest goes first. @default 67108864 */
  storedBytes?: number
}

/** How many failed logins are let pass. When half of them are used up, refusals are held back for a second; then all are refused. */
export interface FailedLoginOptions {
  /** From one address, or one /64 of IPv6. @default 100 */
  address?: number
  /** With one authid. @default 50 */
  authid?: number
  /** By one browser that is tracked by a cookie. @default 20 */
  cookie?: number
  /** Seconds in which all of these come back. @default 600 */
  recovery?: number
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
   * The host's own is always allowed, unless `allowedHosts` says otherwise. @default []
   */
  allowedOrigins?: readonly string[]
  /**
   * The names under which the app is reached, without ports: a page whose origin is the host's own may connect only if the host is one of
   * these. Without them a stranger's domain that is made to point to the app's address counts as its own. @default any
   */
  allowedHosts?: readonly string[]
  /**
   * Ignores the cookie of an upgrade that says no Origin: only a browser must not use a cookie on behalf of a foreign page, and browsers
   * say Origin, unless a proxy takes it away. `auto` does so with `sameSite: 'none'`, since browsers send no other cookie for a page of
   * another site. @default 'auto'
   */
  requireOrigin?: 'auto' | boolean
  /** The serializers that are offered. @default ['json', 'msgpack', 'cbor'] */
  serializers?: readonly ('json' | 'msgpack' | 'cbor')[]
  /** Offers each serializer in batches, too: several messages in one of WebSocket, where the client asks for it. @default true */
  batched?: boolean
}

/** The options of `fastify.register(wampPlugin, options)`. */
export interface FastifyWampOptions extends EndpointOptions {
  /** The realms by name. */
  realms: Readonly<Record<Uri, RealmOptions>>
  /** @default no files are served */
  static?: StaticOptions | readonly StaticOptions[]
  /**
   * Serves the client for browsers as one module at this path, such as `/wamp-client.js`: `import { connect } from '/wamp-client.js'`.
   * Those of further serializers are at `/wamp-client-cbor.js` and `/wamp-client-msgpack.js`. @default it is not served
   */
  client?: string
  /** Milliseconds for HELLO to come, and for each AUTHENTICATE. @default 10000 */
  handshakeTimeout?: number
  /** Milliseconds for an authorizer to decide. @default 5000 */
  authorizerTimeout?: number
  /**
   * How sessions of clients end when the app closes: `close` closes the WebSocket (code 1001, reason `wamp.close.system_shutdown`), after
   * which clients connect again; `goodbye` says GOODBYE first, which AutobahnJS and Wampy take as final. @default 'close'
   */
  shutdown?: 'close' | 'goodbye'
  /**
   * Milliseconds for a client to answer GOODBYE or, when the app closes, to take what it is owed; for a login to be forgotten that is being
   * forgotten then; and for requests that use the app's own sessions to end after that. @default 2000
   */
  shutdownTimeout?: number
  /** Milliseconds over which the connections of all clients are closed when the app closes, so that they don't come back all at once. @default 0 */
  shutdownSpread?: number
  /** Milliseconds: a client that sends nothing is pinged before it was silent for as long, and its connection is ended if it then sends no octet for as long again, unless it goes on reading what it is owed; 0 for never. @default 25000 */
  pingInterval?: number
  /** What a client may take. @default see each */
  limits?: LimitOptions
  /** How often somebody may fail to log in. @default see each */
  failedLogins?: FailedLoginOptions
}

/** The options of `fastify.register(wampConsole, options)`. */
export interface ConsoleOptions {
  /** The path of the page. */
  path: string
  /** The role that may see it. What it may do there, its permissions say. */
  role: string
  /** The realm of that role. @default the one realm that has it */
  realm?: Uri
}

/** The options of `fastify.register(wampBridge, options)`. */
export interface BridgeOptions {
  /** The path where calls are made by POST. @default none */
  call?: string
  /** The path where events are published by POST. @default none */
  publish?: string
  /** The path where topics can be followed by GET, as Server-Sent Events. @default none */
  events?: string
  /** In whose name that is. @default the principal of each request, by its cookie */
  as?: { realm: Uri, role: string, authid?: string }
  /**
   * Requests must be signed: with a key, and a secret that both sides know. `tolerance` is in seconds, 300 by default.
   * @default they need no signature
   */
  signature?: { key: string, secret: string, tolerance?: number }
}
