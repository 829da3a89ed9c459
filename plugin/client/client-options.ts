import { LONGEST_TIMER } from '../longest-timer.ts'
import type { Dict } from '../protocol/message-options.ts'
import { checkKnown, checkOptions } from '../protocol/request-options.ts'
import type { RequestWithOptions } from '../protocol/request-options.ts'
import type { Uri } from '../protocol/uri.ts'
import { isDict, isString } from '../protocol/wire-value.ts'
import type { Check } from '../protocol/wire-value.ts'
import { ClientError } from './client-error.ts'
import type { ConnectionEnd } from './connection-end.ts'
import { json } from './json.ts'
import type { Login } from './login.ts'
import type { Serializer } from './serializer.ts'
import type { OpenSocket, WebSocketClass, WebSocketLike } from './web-socket.ts'

/** The state of a session. In the state `waiting`, it waits before it reconnects. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed'

/** The options for reconnecting. */
export interface RetryOptions {
  /** The maximum delay before the first attempt, in milliseconds. The maximum doubles with each further attempt. @default 1000 */
  readonly first?: number
  /** The maximum delay before any attempt, in milliseconds. @default 30000 */
  readonly most?: number
  /** The number of attempts that may fail in a row. @default Infinity */
  readonly attempts?: number
}

/** The options of `connect`. */
export interface ConnectOptions {
  /** The realm to join; null for the realm that the login determines. @default null */
  readonly realm?: Uri | null
  /** Tries to log in by cookie first. @default true */
  readonly cookie?: boolean
  /** The login to use if there is no valid login for the cookie. A function is called only when needed, and may ask the user. @default anonymous */
  readonly login?: Login | (() => Login | Promise<Login>)
  /** Serializers, the preferred one first. @default [json()] */
  readonly serializers?: readonly Serializer[]
  /** How the session reconnects; false to never reconnect. */
  readonly retry?: RetryOptions | false
  /** Milliseconds for opening the WebSocket, and again for the router's answer to HELLO. @default 20000 */
  readonly handshakeTimeout?: number
  /** The number of requests that may wait while there is no connection. Further requests are rejected. @default 0 */
  readonly queue?: number
  /** When aborted, `connect` rejects with the signal's reason, and an open session ends. */
  readonly signal?: AbortSignal
  /** Called with each new state, and with the end of the last connection. */
  readonly onState?: (state: ConnectionState, end: ConnectionEnd | null) => void
  /** Called with errors of handlers and procedures, and of subscriptions and registrations that could not be restored. @default reportError, if it exists */
  readonly onError?: (error: unknown) => void
  /** A custom WebSocket class, such as that of the package `ws`. @default the global one */
  readonly WebSocket?: WebSocketClass
  /** Headers of the upgrade request. Browsers do not support this. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Options with every default. */
export interface ResolvedOptions {
  readonly open: OpenSocket
  readonly realm: Uri | null
  readonly cookie: boolean
  readonly login: Login | (() => Login | Promise<Login>) | null
  readonly serializers: readonly Serializer[]
  readonly first: number
  readonly most: number
  readonly attempts: number
  readonly handshakeTimeout: number
  readonly queue: number
  readonly signal: AbortSignal | undefined
  readonly onError: (error: unknown) => void
}

const A_FUNCTION = must('a function')
const AN_OBJECT = must('an object')
const A_NUMBER = must('a number >= 0')
/** What each option must be. */
const kinds = {
  realm: must('a string or null'),
  cookie: must('true or false'),
  login: must('an object or a function'),
  serializers: AN_OBJECT,
  retry: must('an object or false'),
  handshakeTimeout: A_NUMBER,
  queue: A_NUMBER,
  signal: AN_OBJECT,
  onState: A_FUNCTION,
  onError: A_FUNCTION,
  WebSocket: A_FUNCTION,
  headers: AN_OBJECT
}

/** What each part of a request must be. */
const requestKinds = { uri: isString, handler: A_FUNCTION, onProgress: A_FUNCTION }
const retryKinds = { first: A_NUMBER, most: A_NUMBER, attempts: A_NUMBER }

/** Checks what is given. Throws WAMP_ERR_INVALID_OPTION, which names the option. */
export function resolveOptions (url: string | URL, given: ConnectOptions): ResolvedOptions {
  checkKnown(kinds, optionsOf(given) as Dict, refuse)
  const { realm = null, cookie = true, login = null, serializers = [json()], retry = {}, handshakeTimeout = 20_000, queue = 0, signal } = given
  checkKnown(retryKinds, { ...retry }, refuse)
  const { first = 1000, most = 30_000, attempts = Infinity } = retry === false ? { attempts: 0 } : retry
  if (serializers[0]?.subprotocol === undefined) refuse('serializers', ' is invalid')
  return {
    first,
    most,
    attempts,
    handshakeTimeout: Math.min(handshakeTimeout, LONGEST_TIMER),
    queue,
    open: opener(url, given),
    realm,
    cookie,
    login: typeof login === 'function' ? async () => usable(await login()) : login && usable(login),
    serializers,
    signal,
    onError: careful(given.onError ?? (globalThis as { reportError?: (error: unknown) => void }).reportError)
  }
}

/** A check for values of a kind, which is described in the words of `typeof`. */
function must (kind: string): Check {
  return (value) => {
    const type = value === null || typeof value === 'boolean' ? `${value}` : typeof value
    return (kind.includes(type) && (type !== 'number' || value as number >= 0)) || ` must be ${kind}`
  }
}

/** Checks a request, and what is not sent of its options. Throws WAMP_ERR_INVALID_OPTION, which names the option. */
export function checkRequest (type: RequestWithOptions, uri: Uri, options: Dict, more: { handler?: unknown, onProgress?: unknown } = {}): void {
  checkKnown(requestKinds, { uri: uri ?? null, ...more }, refuse)
  checkOptions(type, uri, optionsOf(options), refuse)
}

/** Returns options that are an object, and whose signal is one. Throws WAMP_ERR_INVALID_OPTION for any other value. */
export function optionsOf<O extends { readonly signal?: AbortSignal }> (options: O): O {
  if (!isDict(options)) refuse('options', ' must be an object')
  const { signal } = options
  return signal === undefined || signal?.aborted !== undefined ? options : refuse('signal', ' must be an AbortSignal')
}

/** Returns a login that can begin. Throws WAMP_ERR_INVALID_OPTION for any other value. */
function usable (login: Login): Login {
  return typeof (login as Login | null | undefined)?.begin === 'function' ? login : refuse('login', ' is not a login')
}

/** Throws WAMP_ERR_INVALID_OPTION. */
export function refuse (name: string, fault: string): never {
  throw new ClientError('WAMP_ERR_INVALID_OPTION', `option "${name}"${fault}`)
}

/** A URL may be relative to the page. */
function opener (url: string | URL, { WebSocket: own, headers }: ConnectOptions): OpenSocket {
  const { WebSocket: standard, location } = globalThis as { WebSocket?: WebSocketClass, location?: { href: string } }
  const WebSocket = (own ?? standard) as (new (url: string, protocols: string[] | object, options?: object) => WebSocketLike) | undefined
  if (WebSocket === undefined) refuse('WebSocket', ' must be given')
  const absolute = absoluteOf(url, location?.href)
  absolute.protocol = absolute.protocol.replace('http', 'ws')
  const { href } = absolute
  // That of Node.js takes its options in place of the protocols, `ws` after them; browsers take none.
  return (protocols) => own === undefined && headers !== undefined ? new WebSocket(href, { protocols, headers }) : new WebSocket(href, protocols, { headers })
}

function absoluteOf (url: string | URL, base: string | undefined): URL {
  try {
    return new URL(url, base)
  } catch {
    return refuse('url', ' must be an absolute URL')
  }
}

/** What handles errors must cause none. */
function careful (onError: ((error: unknown) => void) | undefined): (error: unknown) => void {
  return (error) => {
    try {
      onError?.(error)
    } catch {}
  }
}
