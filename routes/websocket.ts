import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { chooseSubprotocol } from '../plugin/codec/subprotocols.ts'
import type { Subprotocol } from '../plugin/codec/subprotocols.ts'
import { errors } from '../plugin/errors.ts'
import { SHUTTING_DOWN } from '../plugin/gateway.ts'
import type { Gateway } from '../plugin/gateway.ts'
import { formOf } from '../plugin/transport/batches.ts'
import { Framings, WholeMessages } from '../plugin/transport/framing.ts'
import { BatchedWebsocketFraming, WebsocketFraming } from '../plugin/transport/websocket-framing.ts'
import { WebsocketLink } from '../plugin/transport/websocket-link.ts'
import { nextTurn, spend } from '../plugin/work.ts'
import { Arrivals } from './arrivals.ts'
import type { ArrivalOptions } from './arrivals.ts'
import { CLIENT_GONE } from './client-gone.ts'
import { connectionOf } from './connection-of.ts'
import { UNITS_OF_OPENING } from './fair-turn.ts'
import { addressOf, detailsOf } from './identity.ts'
import { isAllowedOrigin } from './origin.ts'
import { getUpgrade, prepareServer, setUpgrade } from './websocket-upgrade.ts'

/** What a WebSocket route is made of. */
export interface WebsocketRouteOptions extends ArrivalOptions {
  /** The subprotocols that are offered, by name. */
  readonly subprotocols: ReadonlyMap<string, Subprotocol>
  readonly gateway: Gateway
  /** Octets of one message. */
  readonly messageSize: number
}

/** Mounts the WebSocket endpoint of a router. */
export async function websocketRoute (fastify: FastifyInstance, options: WebsocketRouteOptions): Promise<void> {
  const { path } = options.endpoint
  if (fastify.hasRoute({ method: 'GET', url: `${fastify.prefix}${path}` })) throw new errors.WAMP_ERR_INVALID_OPTION('path', `must be a free path: there is already a route GET ${fastify.prefix}${path}`)
  prepareServer(fastify.websocketServer)
  const upgradeHandler = new UpgradeHandler(fastify, options)
  fastify.route({
    method: 'GET',
    url: path,
    websocket: true,
    // After the host's own onRequest hooks, which may refuse the upgrade; what is awaited here ends before the 101.
    preValidation: (request, reply) => upgradeHandler.decide(request, reply),
    handler: (socket, request) => { upgradeHandler.accept(socket, request) }
  })
}

/** Characters of an Origin header that are logged. */
const LONGEST_ORIGIN = 256

/** Why an upgrade comes to nothing, and after how many seconds the client may try again. */
interface Refusal { readonly status: number, readonly error: string, readonly retryAfter?: number }

/** From an upgrade request to a connection of the router. */
class UpgradeHandler {
  readonly #fastify: FastifyInstance
  readonly #options: WebsocketRouteOptions
  /** Connections that are sent the same octets share their frames. */
  readonly #framings = new Framings()
  readonly #messages = new Framings()
  readonly #arrivals: Arrivals

  constructor (fastify: FastifyInstance, options: WebsocketRouteOptions) {
    this.#fastify = fastify
    this.#options = options
    this.#arrivals = new Arrivals(fastify, options)
  }

  /** Refuses an upgrade with a status, or remembers how it is to be done. */
  async decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const { endpoint, subprotocols, gateway, messageSize } = this.#options
    // For HTTP/2, Node.js throws an uncaught error at the header below.
    if (request.raw.httpVersionMajor > 1) return reply.code(400).send({ error: 'This path serves WAMP over WebSocket, which requires HTTP/1.1' })
    if (!request.ws) return reply.code(426).header('upgrade', 'websocket').send({ error: 'This path serves WAMP over WebSocket: connect with ws or wss' })
    const fault = faultOf(request)
    if (fault !== null) return refuse(request, reply.header('sec-websocket-version', '13, 8'), { status: 400, error: fault })
    if (!isAllowedOrigin(request, endpoint)) {
      const { headers: { origin = '' }, host } = request
      const details = { origin: origin.slice(0, LONGEST_ORIGIN), host: host.slice(0, LONGEST_ORIGIN), options: 'allowedOrigins, allowedHosts' }
      return refuse(request, reply, { status: 403, error: 'this origin may not connect' }, details)
    }
    const subprotocol = chooseSubprotocol((request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()), subprotocols)
    if (subprotocol === undefined) return refuse(request, reply, { status: 400, error: `offer one of these subprotocols: ${[...subprotocols.keys()].join(', ')}` })

    const turn = nextTurn(connectionOf(request.raw), (leave) => { whenSocketCloses(request, leave) })
    if (turn !== null) await turn
    spend(UNITS_OF_OPENING)
    if (request.raw.socket?.destroyed === true) return reply.code(CLIENT_GONE).send()
    const leave = gateway.admit(addressOf(request))
    if (typeof leave !== 'function') return refuse(request, reply, leave)
    closeWhenLeft(request)
    whenSocketCloses(request, leave)
    const visitor = await this.#arrivals.arrive(request)
    if (visitor === 'closing') return refuse(request, reply, SHUTTING_DOWN)
    if (visitor !== null) whenSocketCloses(request, () => { visitor.leave() })

    // ws refuses a list with an empty element or an element twice, which the client may send [RFC 9110, 5.6.1.2].
    request.raw.headers['sec-websocket-protocol'] = subprotocol.name

    // Compression would have every connection keep its own dictionary, and no two share a frame.
    delete request.raw.headers['sec-websocket-extensions']
    // The limit for a batch is that of a message, plus the octets that a batch of one adds.
    const maxPayload = messageSize + (subprotocol.batching?.overhead ?? 0)
    setUpgrade(request.raw, { response: reply.raw, subprotocol, maxPayload, visitor, leave })
    return undefined
  }

  /** Hands the connection to the router. */
  accept (socket: WebSocket, request: FastifyRequest): void {
    const { gateway } = this.#options
    // @fastify/websocket closes the sockets it knows without a GOODBYE, and logs a client's broken connection as an error.
    this.#fastify.websocketServer.clients.delete(socket)
    socket.removeAllListeners('error')
    const { response, subprotocol, visitor, leave } = getUpgrade(request.raw)!
    endExchange(response)
    request.raw.socket?.removeListener('end', close).removeListener('close', leave)
    const stream = request.raw.socket ?? null
    const { name, codec } = subprotocol
    const link = new WebsocketLink({ socket, stream, binary: codec.binary, details: detailsOf(request, 'websocket', name) })
    const { framing, batches } = stream === null
      ? formOf(subprotocol, this.#messages, [WholeMessages, WholeMessages])
      : formOf(subprotocol, this.#framings, [WebsocketFraming, BatchedWebsocketFraming])
    gateway.accept({ link, codec, framing, batches, leave, ...this.#arrivals.identityOf(request, visitor) })
  }
}

/** The fault of an upgrade that `ws` would reject without a log line, or null [RFC 6455, 4.2.1]. */
function faultOf ({ method, headers }: FastifyRequest): string | null {
  const { upgrade, 'sec-websocket-key': key, 'sec-websocket-version': version } = headers
  if (method !== 'GET') return `a WebSocket is opened by GET, and not by ${method}`
  if (upgrade?.toLowerCase() !== 'websocket') return 'the header Upgrade must be "websocket"'
  if (typeof key !== 'string' || !/^[+/0-9A-Za-z]{22}==$/.test(key)) return 'the header Sec-WebSocket-Key must be 16 octets in Base64'
  if (Number(version) !== 13 && Number(version) !== 8) return 'the header Sec-WebSocket-Version must be 13'
  return null
}

/** Refuses an upgrade. No browser shows its page the answer, so the log has it, too. */
function refuse (request: FastifyRequest, reply: FastifyReply, { status, error, retryAfter }: Refusal, details: object = {}): FastifyReply {
  request.log.info({ ...details, status }, `an upgrade was refused: ${error}`)
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  return reply.code(status).send({ error })
}

/** Closes the connection of a client that leaves before its upgrade is done: `ws` does so only after that. */
function closeWhenLeft ({ raw: { socket } }: FastifyRequest): void {
  if (socket?.readableEnded === true) socket.destroy()
  else socket?.once('end', close)
}

function close (this: Socket): void {
  this.destroy()
}

/** An upgrade may still fail, and a connection ends somehow: whichever, its stream closes. */
function whenSocketCloses (request: FastifyRequest, callback: () => void): void {
  const { raw: { socket } } = request
  if (socket?.destroyed === true) callback()
  else socket?.once('close', callback)
}

/** Ends an upgrade as Node.js ends any answered request. Else the socket keeps the request and the response for as long as it lives. */
function endExchange (response: ServerResponse): void {
  if (response.socket !== null) response.detachSocket(response.socket)
  response.destroy()
  response.emit('close')
}
