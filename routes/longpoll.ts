import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { chooseSubprotocol } from '../plugin/codec/subprotocols.ts'
import type { Subprotocol } from '../plugin/codec/subprotocols.ts'
import type { CookieConnection } from '../plugin/cookie/cookie-connection.ts'
import { SHUTTING_DOWN } from '../plugin/gateway.ts'
import type { Gateway } from '../plugin/gateway.ts'
import type { Router } from '../plugin/router.ts'
import type { Rejection } from '../plugin/transport/admission.ts'
import { formOf } from '../plugin/transport/batches.ts'
import { Framings, MessagesOfBatches, WholeMessages } from '../plugin/transport/framing.ts'
import { LongPollLink } from '../plugin/transport/longpoll-link.ts'
import type { LongPollTimes, Poll } from '../plugin/transport/longpoll-link.ts'
import { spend } from '../plugin/work.ts'
import { Arrivals } from './arrivals.ts'
import type { ArrivalOptions } from './arrivals.ts'
import { limitBody } from './body-deadline.ts'
import { CLIENT_GONE, hasGone, whenResponseEnds } from './client-gone.ts'
import { limitRequests, OpenResponses, TOO_MANY_REQUESTS } from './connection-of.ts'
import { allowOrigins } from './cors.ts'
import { fairTurn, UNITS_OF_OPENING } from './fair-turn.ts'
import { hideSecrets } from './hidden-log.ts'
import { addressOf, detailsOf } from './identity.ts'
import { lasting } from './lasting.ts'
import { PollResponse } from './poll-response.ts'

/** The parts of a long-poll endpoint. */
export interface LongPollRouteOptions extends ArrivalOptions {
  readonly times: LongPollTimes
  /** The subprotocols that are offered, by name. */
  readonly subprotocols: ReadonlyMap<string, Subprotocol>
  readonly gateway: Gateway
  readonly router: Pick<Router, 'deadlines' | 'handshakeTimeout'>
  /** Octets of one message. */
  readonly messageSize: number
}

/** Bytes of the random part of a transport's path, which only its client knows. */
const BYTES_OF_ID = 18
/** The random part in a path. */
const ID = '[\\w-]{24}'
/** The methods of requests that no client makes. They are answered here, because the app would log their URLs. */
const OTHER_METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']
const contentTypes: Readonly<Record<string, string>> = { json: 'application/json', msgpack: 'application/x-msgpack', cbor: 'application/cbor' }
/** Those of serializers of the app. */
const [OCTETS, TEXT] = ['application/octet-stream', 'text/plain; charset=utf-8']
/** The maximum octets of the body of a request other than `send`. */
const LONGEST_BODY = 4096

/** Mounts the long-poll routes below the path of an endpoint [advanced, HTTP Longpoll Transport]. */
export async function longPollRoutes (fastify: FastifyInstance, options: LongPollRouteOptions): Promise<void> {
  const { endpoint, messageSize, router } = options
  const transports = new LongPollTransports(fastify, options)
  fastify.addHook('onRequest', allowOrigins(endpoint))
  fastify.addHook('onRequest', limitRequests({ error: TOO_MANY_REQUESTS }, new OpenResponses()))
  fastify.addHook('preParsing', limitBody(router.handshakeTimeout))
  // Clients send any type, or none, for bodies of any form. Without one, Fastify would not read the body of a request over HTTP/2.
  fastify.addHook('onRequest', async ({ headers }) => { headers['content-type'] ??= 'application/octet-stream' })
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  const path = `${fastify.prefix}${endpoint.path}`
  const logging = { childLoggerFactory: hideSecrets(fastify, (url) => secretsIn(url).filter((part) => !path.includes(part))) }
  // A response may take long: the times of the transport limit it.
  const own = { ...logging, onRequest: transports.find, preHandler: fairTurn, bodyLimit: LONGEST_BODY, ...lasting(fastify) }
  const overhead = Math.max(...[...options.subprotocols.values()].map(({ batching }) => batching?.overhead ?? 0))

  fastify.options(`${endpoint.path}/*`, logging, async (_request, reply) => await reply.code(204).send())
  fastify.post(`${endpoint.path}/open`, { preHandler: fairTurn, bodyLimit: LONGEST_BODY }, transports.open)
  fastify.post(`${endpoint.path}/:transport/receive`, own, transports.receive)
  fastify.post(`${endpoint.path}/:transport/send`, { ...own, onRequest: [transports.find, transports.takeTurn], bodyLimit: messageSize + overhead }, transports.send)
  fastify.post(`${endpoint.path}/:transport/close`, own, transports.close)
  const unknown: Handler = async (_request, reply) => await refuse(reply, 404, 'there is no such request to a transport')
  fastify.post(`${endpoint.path}/:transport/*`, logging, unknown)
  fastify.post(`${endpoint.path}/:transport(^${ID}$)`, logging, unknown)
  for (const url of [`${endpoint.path}/:transport(^${ID}$)`, `${endpoint.path}/:transport(^${ID}$)/*`]) fastify.route({ method: OTHER_METHODS, url, ...logging, handler: unknown })
}

/** The parts of a URL that may be the random part of a transport's path, as clients may write it: with escapes, in any case. */
function secretsIn (url: string): string[] {
  return [...url.matchAll(/(?<=\/)[^/?#;]{24,}(?=[/?#;]|$)/g)].map(([part]) => part)
}

/** A client's transport. */
interface Opened { readonly link: LongPollLink, readonly contentType: string }
type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** The open transports of an endpoint, by the random part of their paths. */
class LongPollTransports {
  readonly #options: LongPollRouteOptions
  readonly #arrivals: Arrivals
  readonly #framings = new Framings()
  readonly #opened = new Map<string, Opened>()
  /** The transports of requests, so that they are looked up once. */
  readonly #requested = new WeakMap<FastifyRequest, Opened>()

  constructor (fastify: FastifyInstance, options: LongPollRouteOptions) {
    this.#options = options
    this.#arrivals = new Arrivals(fastify, options)
  }

  /** Opens a transport. */
  readonly open: Handler = async (request, reply) => {
    const subprotocol = chooseSubprotocol(protocolsIn(request.body), this.#options.subprotocols)
    if (subprotocol === undefined) {
      return await refuse(reply, 400, `send {"protocols": […]} with one of these subprotocols: ${[...this.#options.subprotocols.keys()].join(', ')}`)
    }
    const leave = this.#options.gateway.admit(addressOf(request))
    if (typeof leave !== 'function') return await reject(request, reply, leave)
    spend(UNITS_OF_OPENING)
    const visitor = await this.#arrivals.arrive(request).catch((error: unknown) => {
      leave()
      throw error
    })
    if (visitor === 'closing' || hasGone(reply)) {
      leave()
      if (visitor === 'closing') return await reject(request, reply, SHUTTING_DOWN)
      visitor?.leave()
      return await reply.code(CLIENT_GONE).send()
    }
    const id = this.#connect(request, subprotocol, visitor, leave)
    if (visitor?.setCookie !== undefined) reply.header('set-cookie', visitor.setCookie)
    return await noStore(reply).send({ protocol: subprotocol.name, transport: id })
  }

  /** An onRequest hook that answers 404 for an unknown transport, before the body is read. */
  readonly find: Handler = async (request, reply) => {
    const { transport = '' } = request.params as { transport?: string }
    const opened = this.#opened.get(transport)
    if (opened === undefined) return await refuse(reply, 404, 'there is no such transport, or it has ended')
    this.#requested.set(request, opened)
    return undefined
  }

  /** An onRequest hook that waits for the turn of a request that sends messages. */
  readonly takeTurn: Handler = async (request, reply) => {
    const waiting = this.#transportOf(request).link.sends.enter()
    if (waiting === 'full') return await refuse(reply, 429, 'this transport has too many pending requests')
    whenResponseEnds(reply, waiting.leave)
    if (await waiting.turn === 'granted') return undefined
    return hasGone(reply) ? await reply.code(CLIENT_GONE).send() : await refuse(reply, 404, 'the transport has ended')
  }

  /** Takes the client's messages. */
  readonly send: Handler = async (request, reply) => {
    const { body } = request as { body?: Buffer }
    if (body === undefined || body === null || body.length === 0) return await refuse(reply, 400, 'the body must be a message, or a batch of messages')
    const outcome = await this.#transportOf(request).link.receive(body)
    if (outcome === 'malformed') return await refuse(reply, 400, 'the router has ended the transport, because of a protocol violation')
    return outcome === 'ended' ? await refuse(reply, 404, 'the transport has ended') : await noStore(reply).code(204).send()
  }

  /** Answers with the router's messages, as soon as there are some. */
  readonly receive: Handler = async (request, reply) => {
    const { link, contentType } = this.#transportOf(request)
    const response = new PollResponse(reply)
    const outcome = await new Promise<Buffer | 'empty' | 'ended'>((resolve) => {
      const poll: Poll = { get unsent () { return response.unsent }, respond: resolve, finish: resolve, cut: () => { response.cut() } }
      link.poll(poll)
      whenResponseEnds(reply, () => {
        link.settled(poll, response.isSent ? 'sent' : 'lost')
        resolve('empty')
      })
    })
    if (hasGone(reply)) return await reply.code(CLIENT_GONE).send()
    if (outcome === 'ended') return await refuse(reply, 404, 'the transport has ended')
    if (outcome === 'empty') return await noStore(reply).code(204).send()
    return await noStore(reply).type(contentType).send(outcome)
  }

  /** Closes a transport. */
  readonly close: Handler = async (request, reply) => {
    this.#transportOf(request).link.leave()
    return await noStore(reply).code(204).send()
  }

  #transportOf (request: FastifyRequest): Opened {
    return this.#requested.get(request)!
  }

  /** Connects a client to the router. Returns the random part of its paths. */
  #connect (request: FastifyRequest, subprotocol: Subprotocol, visitor: CookieConnection | null, leave: () => void): string {
    const { name, codec, batching } = subprotocol
    const { gateway, times, router: { deadlines } } = this.#options
    const id = randomBytes(BYTES_OF_ID).toString('base64url')
    const link = new LongPollLink({
      details: detailsOf(request, 'longpoll', name),
      ...{ times, deadlines, batched: batching !== null },
      ended: () => { this.#opened.delete(id) }
    })
    this.#opened.set(id, { link, contentType: contentTypes[codec.name] ?? (codec.binary ? OCTETS : TEXT) })
    gateway.accept({
      ...{ link, codec, leave },
      ...formOf(subprotocol, this.#framings, [WholeMessages, MessagesOfBatches]),
      ...this.#arrivals.identityOf(request, visitor)
    })
    return id
  }
}

/** The names in the body of an `open` request; none if it is malformed. */
function protocolsIn (body: unknown): unknown[] {
  try {
    const { protocols } = JSON.parse(String(body)) as { protocols?: unknown }
    return Array.isArray(protocols) ? protocols : []
  } catch {
    return []
  }
}

function noStore (reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store')
}

async function refuse (reply: FastifyReply, status: number, error: string): Promise<FastifyReply> {
  return await noStore(reply).code(status).send({ error })
}

/** Rejects a client that may try again later. */
async function reject (request: FastifyRequest, reply: FastifyReply, { status, error, retryAfter }: Rejection): Promise<FastifyReply> {
  request.log.info({ status }, `a long-poll transport was refused: ${error}`)
  return await refuse(reply.header('retry-after', retryAfter), status, error)
}
