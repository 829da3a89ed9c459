import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws'
import type { Subprotocol } from '../plugin/codec/subprotocols.ts'
import type { CookieConnection } from '../plugin/cookie/cookie-connection.ts'

/** What the hook of a WAMP route decided about an upgrade, for the WebSocket server to act on. */
export interface Upgrade {
  readonly response: ServerResponse
  readonly subprotocol: Subprotocol
  /** Bytes of one WebSocket message. */
  readonly maxPayload: number
  readonly visitor: CookieConnection | null
  /** Called when the client has left. */
  readonly leave: () => void
}

/** The maximum fragments of a message, and chunks of a frame. Each uses memory in addition to its octets. */
const MOST_FRAGMENTS = 16_384
const MOST_CHUNKS = 262_144
/** The close code for text that is not UTF-8 [RFC 6455, 7.4.1]. */
const INVALID_PAYLOAD = 1007

/** What `ws` reads as it makes a connection; its types lack what limits parts. */
type PartLimits = ServerOptions & { maxFragments?: number | undefined, maxBufferedChunks?: number | undefined }

const kUpgrade = Symbol('wamp.upgrade')
/** Not in a WeakMap: the garbage collector keeps the values of a large one until its next full collection, and with them the whole connection. */
type Decided = IncomingMessage & { [kUpgrade]?: Upgrade }

const prepared = new WeakSet<WebSocketServer>()

/** Remembers what was decided, until the upgrade is done. */
export function setUpgrade (request: Decided, upgrade: Upgrade): void {
  request[kUpgrade] = upgrade
}

/** The decision about this request. */
export function getUpgrade (request: Decided): Upgrade | undefined {
  return request[kUpgrade]
}

/**
 * Makes the app's one WebSocket server treat WAMP upgrades as they were decided: subprotocol, Set-Cookie, message size.
 * Other routes on the same server see the behaviour that the host gave it.
 */
export function prepareServer (server: WebSocketServer): void {
  if (prepared.has(server)) return
  prepared.add(server)

  const { handleProtocols } = server.options
  server.options.handleProtocols = (protocols, request) => {
    const upgrade = getUpgrade(request)
    if (upgrade !== undefined) return upgrade.subprotocol.name
    if (handleProtocols !== undefined && handleProtocols !== null) return handleProtocols(protocols, request)
    return protocols.values().next().value ?? false
  }

  server.on('headers', (headers: string[], request: IncomingMessage) => {
    const upgrade = getUpgrade(request)
    if (upgrade === undefined) return
    const setCookie = upgrade.visitor?.setCookie
    if (setCookie !== undefined) headers.push(`Set-Cookie: ${setCookie}`)
    limitNext(server, upgrade)
  })
}

/**
 * Gives the connection that is about to be made a message limit of its own. `ws` reads its options right after it has
 * written these headers, and says 'connection' in the same turn: in between, they are ours.
 */
function limitNext (server: WebSocketServer, { maxPayload }: Upgrade): void {
  const options: PartLimits = server.options
  const before: PartLimits = { maxPayload: options.maxPayload, skipUTF8Validation: options.skipUTF8Validation, maxFragments: options.maxFragments, maxBufferedChunks: options.maxBufferedChunks }
  options.maxPayload = maxPayload
  // The codec checks the text, and answers with ABORT; ws would close without a word of WAMP. It does not look at the reasons of close frames then.
  options.skipUTF8Validation = true
  options.maxFragments = MOST_FRAGMENTS
  options.maxBufferedChunks = MOST_CHUNKS
  server.once('connection', (socket: WebSocket) => {
    Object.assign(options, before)
    socket.close = closeInText
  })
}

/**
 * Closes as `ws` does, but for the answer to a close frame: `ws` echoes its reason, and one that is not UTF-8 may not be sent
 * [RFC 6455, 7.1.6].
 */
function closeInText (this: WebSocket, code?: number, reason?: string | Buffer): void {
  const { close } = Object.getPrototypeOf(this) as WebSocket
  if (Buffer.isBuffer(reason) && !isUtf8(reason)) close.call(this, INVALID_PAYLOAD)
  else close.call(this, code, reason)
}
