import type { Uri } from '../protocol/uri.ts'
import { ClientError } from './client-error.ts'
import type { ConnectionEnd } from './connection-end.ts'
import { json } from './json.ts'
import type { Login } from './login.ts'
import type { Serializer } from './serializer.ts'
import type { OpenSocket, WebSocketClass, WebSocketLike } from './web-socket.ts'

/** What a session is doing: `waiting` is the time before it connects again. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'closed'

/** How a session comes back. */
export interface RetryOptions {
  /** Milliseconds before the first attempt, at most; each further one may take twice as long. @default 1000 */
  readonly first?: number
  /** Milliseconds before any attempt, at most. @default 30000 */
  readonly most?: number
  /** How many attempts may fail in a row. @default Infinity */
  readonly attempts?: number
}

/** What `connect` takes. */
export interface ConnectOptions {
  /** The realm; null for the one that the login leads to. @default null */
  readonly realm?: Uri | null
  /** Whether a cookie may log in, before anything else. @default true */
  readonly cookie?: boolean
  /** Logs in where the cookie does not. A function is called when it is needed, and may ask the user. @default anonymous */
  readonly login?: Login | (() => Login | Promise<Login>)
  /** Serializers, the preferred one first. @default [json()] */
  readonly serializers?: readonly Serializer[]
  /** How it comes back; false if it does not. */
  readonly retry?: RetryOptions | false
  /** Milliseconds until the WebSocket must be open, and again until the router must have answered HELLO. @default 20000 */
  readonly handshakeTimeout?: number
  /** How many requests may wait while there is no connection; beyond, and by default, they are rejected. @default 0 */
  readonly queue?: number
  /** Gives up: `connect` rejects with the signal's reason, and an open session ends. */
  readonly signal?: AbortSignal
  /** Called with each new state, and why the last connection ended. */
  readonly onState?: (state: ConnectionState, end: ConnectionEnd | null) => void
  /** Takes what handlers and procedures throw, and what could not be restored. @default reportError, where there is one */
  readonly onError?: (error: unknown) => void
  /** A WebSocket class of the app's own, such as that of the package `ws`. @default the global one */
  readonly WebSocket?: WebSocketClass
  /** Headers of the upgrade request. Browsers do not take any. */
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

const A_FUNCTION = 'a function'
const AN_OBJECT = 'an object'
const A_NUMBER = 'a number from 0'
/** What each option must be. */
const kinds = {
  realm: 'a string or null',
  cookie: 'true or false',
  login: `${AN_OBJECT} or ${A_FUNCTION}`,
  serializers: AN_OBJECT,
  retry: `${AN_OBJECT} or false`,
  handshakeTimeout: A_NUMBER,
  queue: A_NUMBER,
  signal: AN_OBJECT,
  onState: A_FUNCTION,
  onError: A_FUNCTION,
  WebSocket: A_FUNCTION,
  headers: AN_OBJECT
}
const retryKinds = { first: A_NUMBER, most: A_NUMBER, attempts: A_NUMBER }

/** Checks what is given. Throws WAMP_ERR_INVALID_OPTION, which names the option. */
export function resolveOptions (url: string | URL, given: ConnectOptions): ResolvedOptions {
  check(given, kinds)
  const { realm = null, cookie = true, login = null, serializers = [json()], retry = {}, handshakeTimeout = 20_000, queue = 0, signal } = given
  check({ ...retry }, retryKinds)
  const { first = 1000, most = 30_000, attempts = Infinity } = retry === false ? { attempts: 0 } : retry
  if (serializers[0]?.subprotocol === undefined) throw invalid('serializers', 'must be a list of serializers')
  return { first, most, attempts, handshakeTimeout, queue, open: opener(url, given), realm, cookie, login, serializers, signal, onError: careful(given.onError ?? report) }
}

function check (given: object, kinds: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(given)) {
    const kind = kinds[name]
    const type = value === null || typeof value === 'boolean' ? `${value}` : typeof value
    if (kind === undefined) throw invalid(name, 'is not an option')
    if (value !== undefined && (!kind.includes(type) || (type === 'number' && !(value >= 0)))) throw invalid(name, `must be ${kind}`)
  }
}

function invalid (name: string, expected: string): ClientError {
  return new ClientError('WAMP_ERR_INVALID_OPTION', `option "${name}" ${expected}`)
}

/** A URL may be relative to the page. */
function opener (url: string | URL, { WebSocket: own, headers }: ConnectOptions): OpenSocket {
  const { WebSocket: standard, location } = globalThis as { WebSocket?: WebSocketClass, location?: { href: string } }
  const WebSocket = (own ?? standard) as (new (url: string, protocols: string[] | object, options?: object) => WebSocketLike) | undefined
  if (WebSocket === undefined) throw invalid('WebSocket', 'must be given')
  const absolute = new URL(url, location?.href)
  absolute.protocol = absolute.protocol.replace('http', 'ws')
  const { href } = absolute
  if (headers === undefined) return (protocols) => new WebSocket(href, protocols)
  // That of Node.js takes its options in place of the protocols, `ws` after them.
  return own === undefined ? (protocols) => new WebSocket(href, { protocols, headers }) : (protocols) => new WebSocket(href, protocols, { headers })
}

function report (error: unknown): void {
  (globalThis as { reportError?: (error: unknown) => void }).reportError?.(error)
}

/** What handles errors must cause none. */
function careful (onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      onError(error)
    } catch {}
  }
}
