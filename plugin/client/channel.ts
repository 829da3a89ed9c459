import type { Dict } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Values } from '../protocol/values.ts'
import { ClientError, messageOf } from './client-error.ts'
import { closedEnd, endedByClient, refusedUpgrade } from './connection-end.ts'
import type { End } from './connection-end.ts'
import { readMessage } from './incoming.ts'
import type { Incoming } from './incoming.ts'
import type { Octets } from './octets.ts'
import { addValues } from './outgoing.ts'
import type { Serializer } from './serializer.ts'
import type { MessageSocket, OpenSocket, WebSocketLike } from './web-socket.ts'

/** What `ws` has beyond others: it shows the response that refused the upgrade. */
interface ShowsResponse {
  on (name: 'unexpected-response', listen: (request: unknown, response: { statusCode?: number, headers: Record<string, string | undefined> }) => void): void
  terminate (): void
}

/** Takes what arrives on a channel. */
export interface Receiver {
  /** The channel is open. Called before anything arrives. */
  opened? (channel: Channel): void
  /** Takes a message. Throws a ProtocolViolation for one that may not come now. */
  receive (message: Incoming): void
  /** The channel is closed. Called once. */
  ended (end: End): void
}

/** One WebSocket: messages instead of frames, and one end, whatever it is. */
export class Channel {
  /** Who takes what arrives. */
  declare receiver: Receiver
  #socket: MessageSocket
  #serializer: Serializer | undefined
  #state: 'connecting' | 'open' | 'closed' = 'connecting'

  constructor (open: OpenSocket, serializers: readonly Serializer[], receiver: Receiver) {
    this.receiver = receiver
    const socket = this.#socket = open(serializers.map(({ subprotocol }) => subprotocol))
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('open', () => {
      if (this.#state !== 'connecting') return
      this.#serializer = serializers.find(({ subprotocol }) => subprotocol === socket.protocol)
      if (this.#serializer === undefined) return this.close(endedByClient(reasons.protocolViolation, 'no subprotocol'))
      this.#socket = this.#serializer.batch?.(socket) ?? socket
      this.#socket.addEventListener('message', ({ data }) => { this.#receive(data) })
      this.#state = 'open'
      this.receiver.opened?.(this)
    })
    socket.addEventListener('close', ({ code, reason }) => { this.#end(closedEnd(code, reason)) })
    // Node.js 20 and 22 do not always close what could not be opened.
    socket.addEventListener('error', () => { if (this.#state === 'connecting') this.#end(closedEnd()) })
    showResponse(socket, (end) => { this.#end(end) })
  }

  /** False until the WebSocket is open, and again when it is closed. */
  get isOpen (): boolean {
    return this.#state === 'open'
  }

  /** Writes a message, with args and kwargs at its end, as `send` takes it. Throws WAMP_ERR_INVALID_MESSAGE for values that have no form. */
  encode (message: unknown[], values?: Values): string | Octets {
    try {
      if (values) addValues(message, values)
      return this.#serializer!.encode(message)
    } catch (error) {
      throw new ClientError('WAMP_ERR_INVALID_MESSAGE', messageOf(error), error)
    }
  }

  /** Sends what `encode` wrote. */
  send (data: string | Octets): void {
    if (this.#state === 'open') this.#socket.send(data)
  }

  /** Sends a message of this client's own. */
  say (message: unknown[], values?: Values): void {
    this.send(this.encode(message, values))
  }

  /** Closes the connection. Nothing arrives any more. */
  close (end: End): void {
    if (this.#state === 'closed') return
    this.#end(end)
    this.#socket.close()
  }

  /** Says ABORT, and closes the connection. */
  abort (reason: Uri, error: unknown, details: Dict): void {
    try {
      this.say([3, details, reason])
    } catch {
      // The serializer may be what has failed.
    }
    this.close(endedByClient(reason, error))
  }

  #receive (data: unknown): void {
    if (this.#state !== 'open') return
    try {
      this.receiver.receive(readMessage(this.#serializer!.decode(data instanceof ArrayBuffer ? new Uint8Array(data) : data as string)))
    } catch (error) {
      // The router violated the protocol: it receives ABORT, and the connection is closed [basic, Protocol Errors].
      this.abort(reasons.protocolViolation, error, { message: messageOf(error) })
    }
  }

  #end (end: End): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.receiver.ended(end)
  }
}

function showResponse (socket: WebSocketLike & Partial<ShowsResponse>, refused: (end: End) => void): void {
  socket.on?.('unexpected-response', (_, { statusCode = 0, headers }) => {
    refused(refusedUpgrade(statusCode, headers['retry-after']))
    socket.terminate?.()
  })
}
