import type { FastifyInstance } from 'fastify'
import type { Contract } from './contract/contract.ts'
import type { AuthOptions } from './auth-options.ts'
import type { CookieOptions } from './cookie-options.ts'
import type { WampSerializer } from './codec/wamp-serializer.ts'
import type { Authorizer } from './authorization/authorizer.ts'
import type { Action } from './protocol/action.ts'
import type { Dialect } from './protocol/dialect.ts'
import type { MatchPolicy, Uri, UriCheck } from './protocol/uri.ts'

/** A permission of a role: the actions that its members may perform on the matching URIs. */
export interface PermissionOptions {
  /** A URI or a pattern. */
  uri: Uri
  /**
   * The match policy of `uri`. Without it, asterisks decide, as in Crossbar.io: `com.x.*` is the prefix `com.x.`,
   * `com.*.y` is the wildcard `com..y`, and a URI without an asterisk is exact.
   */
  match?: MatchPolicy
  /**
   * The allowed actions. `forceReregister` allows registrations with `force_reregister`, which take over a procedure from its callees.
   * @default every action is false
   */
  allow?: Partial<Record<Action | 'forceReregister', boolean>>
  /** Discloses the caller or publisher to the other side, even if not requested. @default both false */
  disclose?: { caller?: boolean, publisher?: boolean }
  /** The trust level that is sent to callees and subscribers with calls and publications, a non-negative integer. @default not sent */
  trustlevel?: number
  /** Accepted for compatibility with Crossbar.io and ignored. Static decisions are always cached. */
  cache?: boolean
}

/** A role of a realm. */
export interface RoleOptions {
  /** The permissions. @default [], which allows nothing */
  permissions?: readonly PermissionOptions[]
  /**
   * A function, or the URI of a procedure of the realm, that decides instead of `permissions`. It is called with
   * `(session, uri, action, options)`, as in Crossbar.io. @default `permissions` decide
   */
  authorizer?: Uri | Authorizer
  /** Allows the options `disclose_me` and `disclose_caller`. @default true */
  allowDiscloseMe?: boolean
}

/** The policy for the events of a topic if subscribers fall behind. */
export interface SlowSubscriberOptions {
  /** A topic or a pattern of topics. */
  uri: Uri
  /** The match policy of `uri`. @default 'exact' */
  match?: MatchPolicy
  /**
   * `drop-newest` drops new events. `drop-oldest` queues events and drops the oldest ones. `keep-latest` queues the latest event of each
   * topic. `close` ends the connection.
   */
  policy: 'drop-newest' | 'drop-oldest' | 'keep-latest' | 'close'
  /**
   * Milliseconds that an acknowledged publication waits for subscribers that have more than half of `limits.bufferedEventBytes`
   * buffered. Subscribers that stay behind longer are skipped until they catch up. @default 0
   */
  publishersWait?: number
}

/** A realm: an isolated namespace for routing. */
export interface RealmOptions {
  /** The roles, by name. `trusted` is reserved for the app and cannot be configured. */
  roles: Readonly<Record<string, RoleOptions>>
  /** The rules for valid URIs. @default 'loose' */
  uriCheck?: UriCheck
  /** Rejects request ids out of sequence as a protocol violation. @default false */
  strictRequestIds?: boolean
  /** The topics whose events are stored for `wamp.subscription.get_events`. @default [] */
  eventHistory?: readonly EventHistoryOptions[]
  /** The policy for events to subscribers that do not keep up, by topic. @default [], events are dropped */
  slowSubscribers?: readonly SlowSubscriberOptions[]
  /** The schemas of the payloads of procedures and topics. Messages that violate them are rejected. @default payloads are not checked */
  contract?: Contract
}

/** A subscription whose events are stored in memory. */
export interface EventHistoryOptions {
  /** A topic or a pattern of topics. */
  uri: Uri
  /** The match policy of `uri`. @default 'exact' */
  match?: MatchPolicy
  /** The maximum number of stored events. The oldest one is removed first. @default 100 */
  limit?: number
}

/** Static files to serve. */
export interface StaticOptions {
  /** A directory: a path or a file URL. */
  root: string | URL
  /** The URL prefix of the files. @default '/' */
  prefix?: string
}

/** Limits on the resources that a client may use. */
export interface LimitOptions {
  /**
   * Bytes of one message or one batch, at most 2^30. Above it, the connection closes with 1009. Answers of the meta API are
   * also split at this size. After conversion to another serializer, args and kwargs may have twice as many bytes; larger payloads cannot be
   * delivered. @default 1048576
   */
  messageSize?: number
  /** Nesting depth of lists and dicts in a message, at most 1000. @default 100 */
  depth?: number
  /** Bytes buffered for a connection before events to it are dropped or queued (see `slowSubscribers`), at least 65536. @default 4194304 */
  bufferedEventBytes?: number
  /**
   * Bytes buffered for a connection in total. Above it, the session ends. An iterator of the app also queues at most this many bytes. Over HTTP/2, an
   * answer is reset if the unread answers of its connection would otherwise exceed this limit. @default 16777216
   */
  bufferedBytes?: number
  /**
   * Estimated bytes of memory for the decoded values that running procedures and event handlers of the app hold, and for the bodies of procedure
   * routes, in all realms together. A single caller, publisher or HTTP connection gets more memory only if its share does not exceed the memory
   * that would then still be free. Otherwise, calls and requests are rejected, and events are queued or dropped. @default 268435456
   */
  heldBytes?: number
  /**
   * Unanswered calls of one session. The same limit applies to the requests of a session that wait for an authorizer, and to the logins from
   * one address, or one IPv6 /64, that wait for a dynamic authenticator. @default 10000
   */
  pendingCalls?: number
  /** Calls that one callee has not answered. A canceled call of a procedure of the app counts until the procedure has ended. @default 10000 */
  pendingInvocations?: number
  /** Subscriptions of one session. @default 10000 */
  subscriptions?: number
  /** Registrations of one session. @default 10000 */
  registrations?: number
  /**
   * Bytes of a session's messages that wait for an authorizer, plus 512 for each message. Above it, the connection is not read. The same limit
   * applies to the payloads that are kept for re-routing the session's open calls, and to its pending calls of the meta API. Beyond it, open calls
   * are not re-routed, and calls of the meta API are refused. @default 1048576
   */
  parkedBytes?: number
  /** Testaments of one session. @default 100 */
  testaments?: number
  /** Retained events of a realm. The oldest one is removed first. @default 10000 */
  retainedEvents?: number
  /** Connections from one address, or one IPv6 /64; 0 for no limit. @default 0 */
  connectionsOfAddress?: number
  /** New connections per second; 0 for no limit. @default 0 */
  upgradesPerSecond?: number
  /** Sessions of a realm; 0 for no limit. @default 0 */
  sessionsOfRealm?: number
  /** Sessions of one authid in a realm; 0 for no limit. @default 0 */
  sessionsOfAuthid?: number
  /** Messages per second that a connection may send. Above it, the connection is read more slowly. 0 for no limit. @default 0 */
  messagesPerSecond?: number
  /** Bytes per second that a connection may send in messages, pings and pongs. Above it, the connection is read more slowly. 0 for no limit. @default 0 */
  bytesPerSecond?: number
  /**
   * Bytes of a realm's retained events, and of each of its event histories. The oldest event is removed first. The same limit applies to the testaments
   * of departed sessions that wait for an authorizer. @default 67108864
   */
  storedBytes?: number
}

/** Limits for failed logins. Above half of a limit, rejections are delayed by one second. Once the limit is reached, all attempts are rejected. */
export interface FailedLoginOptions {
  /** Failed logins from one address, or one IPv6 /64. @default 100 */
  address?: number
  /** Failed logins with one authid. @default 50 */
  authid?: number
  /** Failed logins by one browser that is tracked by a cookie. @default 20 */
  cookie?: number
  /** Seconds after which the full allowance is restored. @default 600 */
  recovery?: number
}

/** The options of one WebSocket route. */
export interface EndpointOptions {
  /** The path of the route. @default '/ws' */
  path?: string
  /** The authentication methods. @default only anonymous, with role `anonymous` */
  auth?: AuthOptions
  /** Tracks browsers by a cookie. @default cookies are neither read nor set */
  cookie?: CookieOptions
  /**
   * Other origins whose pages may connect: full origins such as `https://app.example`, or `*` for any.
   * The app's own origin is always allowed, unless `allowedHosts` excludes it. @default []
   */
  allowedOrigins?: readonly string[]
  /**
   * The host names of the app, without ports. A page counts as the app's own only if it comes from one of these hosts. Without this option,
   * the pages of a foreign domain that resolves to the app's address (DNS rebinding) also count as the app's own. @default any
   */
  allowedHosts?: readonly string[]
  /**
   * Ignores the cookie of an upgrade without Origin. Browsers always send Origin, but a proxy may remove it, and with it the protection
   * against foreign pages. `auto` enables this with `sameSite: 'none'`. With the other values of
   * `sameSite`, browsers do not send the cookie for pages of another site. @default 'auto'
   */
  requireOrigin?: 'auto' | boolean
  /** The serializers to offer: names, and serializers of the app's own. @default ['json', 'msgpack', 'cbor'] */
  serializers?: readonly ('json' | 'msgpack' | 'cbor' | WampSerializer)[]
  /** Also offers the batched variant of each serializer, which sends several messages in one WebSocket message. @default true */
  batched?: boolean
}

/** Files that an app serves. */
export interface FileOptions {
  /** Static files to serve. @default none */
  static?: StaticOptions | readonly StaticOptions[]
  /**
   * Serves the client for browsers as one module at this path, such as `/wamp-client.js`: `import { connect } from '/wamp-client.js'`.
   * The other serializers are served at `/wamp-client-cbor.js` and `/wamp-client-msgpack.js`. @default not served
   */
  client?: string
}

/** The options of `fastify.register(wampPlugin, options)`. */
export interface FastifyWampOptions extends EndpointOptions, FileOptions {
  /** The realms, by name. */
  realms: Readonly<Record<Uri, RealmOptions>>
  /**
   * The URIs of refused logins and of the answer to GOODBYE: those of the specification, or those of Crossbar.io 26.10. The latter are
   * intended for clients that were written for Crossbar.io. @default 'wamp'
   */
  dialect?: Dialect
  /** Time for HELLO, for each AUTHENTICATE, for an authenticator's `onLogout`, and for `auth.cookie.verify`, in milliseconds. @default 10000 */
  handshakeTimeout?: number
  /** Time for an authorizer to decide, in milliseconds. @default 5000 */
  authorizerTimeout?: number
  /**
   * How client sessions end when the app closes. `close` closes the WebSocket (code 1001, reason `wamp.close.system_shutdown`), after
   * which clients reconnect. `goodbye` first sends GOODBYE, which AutobahnJS and Wampy treat as final. @default 'close'
   */
  shutdown?: 'close' | 'goodbye'
  /**
   * Milliseconds for a client to answer GOODBYE. When the app closes, also the time for clients to receive buffered data, for pending deletions
   * of logins, for request bodies to arrive, and for `auth.cookie.verify` to answer. After that, requests that use the app's own
   * sessions get the same amount of time once more. @default 2000
   */
  shutdownTimeout?: number
  /** Milliseconds over which client connections are closed when the app closes, so that clients do not all reconnect at once. @default 0 */
  shutdownSpread?: number
  /** Milliseconds: an idle client is pinged within this time, and disconnected if it then sends nothing for the same time, unless it is still reading buffered data; 0 for never. @default 25000 */
  pingInterval?: number
  /** Limits on the resources that a client may use. @default see each limit */
  limits?: LimitOptions
  /** Limits for failed logins. @default see each limit */
  failedLogins?: FailedLoginOptions
}

/** The identity of a client of `injectWamp`, which needs no login. */
export interface InjectOptions {
  /** The realm to join. */
  readonly realm: Uri
  /** The authid of the session. @default 'app' */
  readonly authid?: string
  /** The role, which determines the permissions. @default 'trusted', which may do everything */
  readonly role?: string
  /** The serializer for the client's values. @default 'json' */
  readonly codec?: 'json' | 'msgpack' | 'cbor'
}

/** The options of `fastify.register(wampPort, options)`. */
export interface PortOptions extends FileOptions {
  /** The app with the plugin. */
  app: FastifyInstance
}

/** The options of `fastify.register(wampConsole, options)`. */
export interface ConsoleOptions {
  /** The path of the page. */
  path: string
  /** The role whose users can open the page. Its permissions determine what they can do there. */
  role: string
  /** The realm of the role. @default the only realm that has the role */
  realm?: Uri
}

/** The options of `fastify.register(wampBridge, options)`. */
export interface BridgeOptions {
  /** The path for calls by POST. @default none */
  call?: string
  /** The path for publications by POST. @default none */
  publish?: string
  /** The path for event streams by GET, as Server-Sent Events. @default none */
  events?: string
  /** The identity of all requests. `authid` defaults to 'http'. @default the user of each request's cookie */
  as?: { realm: Uri, role: string, authid?: string }
  /**
   * Requires signed requests, with a key and a shared secret. `tolerance` is in seconds and defaults to 300.
   * @default no signature is required
   */
  signature?: { key: string, secret: string, tolerance?: number }
  /**
   * The only IP addresses and networks, such as `192.168.1.0/24`, that may send requests. Behind a proxy, set Fastify's `trustProxy`.
   * @default any
   */
  allowedNetworks?: readonly string[]
}
