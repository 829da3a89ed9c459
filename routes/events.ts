import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { CookieConnection } from '../plugin/cookie/cookie-connection.ts'
import type { CookieEntrance } from '../plugin/cookie/cookie-entrance.ts'
import { errors, WampError } from '../plugin/errors.ts'
import type { Gateway } from '../plugin/gateway.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import { isId } from '../plugin/protocol/id.ts'
import type { Id } from '../plugin/protocol/id.ts'
import { MessageType } from '../plugin/protocol/message.ts'
import type { SubscribeOptions } from '../plugin/protocol/message.ts'
import { checkOptions } from '../plugin/protocol/request-options.ts'
import type { Router } from '../plugin/router.ts'
import { spend } from '../plugin/work.ts'
import { CLIENT_GONE, hasGone, whenResponseEnds } from './client-gone.ts'
import { Closing } from './closing.ts'
import { connectionOf, isHttp2, limitRequests, OpenResponses } from './connection-of.ts'
import { EventStream, streamsOf } from './event-stream.ts'
import type { Outflow } from './event-stream.ts'
import { fairTurn, UNITS_OF_OPENING } from './fair-turn.ts'
import { addressOf, arrivalOf } from './identity.ts'
import { lasting } from './lasting.ts'
import { FOREIGN_PAGE, ownPagesOnly } from './origin.ts'
import type { OriginOptions } from './origin.ts'
import { refusedRequest } from './refused-request.ts'
import type { Unidentified } from './unidentified.ts'

/** What Server-Sent Events are made of. */
export interface EventParts {
  readonly path: string
  /** Opens a session in whose name topics are subscribed, or null for the principal of each request. */
  readonly join: (() => InProcessSession) | null
  /** Whose pages may use it in the name of `join`. */
  readonly origins: OriginOptions
  readonly entrance: CookieEntrance | null
  readonly gateway: Gateway
  readonly router: Pick<Router, 'state' | 'logLimit'>
  /** Bytes that wait for a client before its stream is ended; its streams share them. */
  readonly bufferedBytes: number
  readonly unidentified: Unidentified
}

/** Topics of one stream. */
const MOST_TOPICS = 100
/** Milliseconds between comments, by which proxies and both ends see that the stream is alive. */
const COMMENTS = 15_000

const CLOSES = 'the app is closing'
const TOO_MANY_STREAMS = 'this connection has too many streams'

async function refuse (reply: FastifyReply, status: number, error: string, args: readonly unknown[] = []): Promise<FastifyReply> {
  return await reply.code(status).header('cache-control', 'no-store').send({ error, args, kwargs: {} })
}

/** Mounts topics as Server-Sent Events: a GET that lasts, under the same cookie and the same permissions. */
export async function eventRoutes (fastify: FastifyInstance, parts: EventParts): Promise<void> {
  const streams = new Set<EventStream>()
  const closing = new Closing(fastify)
  // Fastify ends a connection on which nothing is sent for `connectionTimeout`.
  const { connectionTimeout = 0 } = fastify.initialConfig
  const comments = setInterval(() => { for (const stream of streams) stream.comment() }, connectionTimeout === 0 ? COMMENTS : Math.min(COMMENTS, connectionTimeout / 2)).unref()
  const few = limitRequests({ error: TOO_MANY_STREAMS, args: [], kwargs: {} }, new OpenResponses())
  // A stream never ends by itself: it would hold up the close.
  fastify.addHook('preClose', async () => {
    clearInterval(comments)
    for (const stream of streams) stream.end()
  })
  const ownPages = parts.join === null ? [] : [ownPagesOnly(parts.origins, { error: FOREIGN_PAGE, args: [], kwargs: {} })]
  const identify = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => await closing.before(fastify.wampIdentify(request)) === 'closing' ? await refuse(reply, 503, CLOSES) : undefined
  // A stream is never done.
  fastify.get(parts.path, { onRequest: [few, ...ownPages, identify], preHandler: fairTurn, ...lasting(fastify) }, async (request, reply) => {
    const asked = topicsOf(request.query as Record<string, unknown>)
    if (typeof asked === 'string') return await refuse(reply, 400, asked)
    const last = lastEventOf(request)
    if (Number.isNaN(last)) return await refuse(reply, 400, '"Last-Event-ID" must be the id of an event')
    const { wampPrincipal: principal } = request
    if (parts.join === null && principal === null) return await refuse(reply, 401, parts.unidentified(request))
    if (!streamsOf.add(connectionOf(request.raw), reply, isHttp2(request.raw) ? MOST_STREAMS.http2 : MOST_STREAMS.http1)) return await refuse(reply, 429, TOO_MANY_STREAMS)
    const entry = parts.gateway.admit(addressOf(request))
    if (typeof entry !== 'function') return await refuse(reply, entry.status, entry.error)
    whenResponseEnds(reply, entry)

    spend(UNITS_OF_OPENING)
    const visitor = await closing.before(visitorOf(request, reply, parts))
    if (visitor === 'closing') return await refuse(reply, 503, CLOSES)
    if (visitor === 'gone') return await refuse(reply, 401, 'log in first')
    const stream = new EventStream({ owner: connectionOf(request.raw), bufferedBytes: parts.bufferedBytes, cut: () => { reply.raw.destroy() }, outflow: outflowOf(reply.raw), log: parts.router.logLimit.of(request.log) })
    whenResponseEnds(reply, () => { stream.end() })
    let own: InProcessSession | undefined
    try {
      own = parts.join?.()
      await stream.open(own ?? request.wamp, { ...asked, last })
      if (hasGone(reply)) throw new errors.WAMP_ERR_SESSION_CLOSED('the client has disconnected')
    } catch (error) {
      own?.leave()
      if (hasGone(reply)) return await reply.code(CLIENT_GONE).send()
      const refused = refusedRequest(error, parts)
      if (refused !== null) return await refuse(reply, refused.status, refused.error)
      if (error instanceof WampError) return await refuse(reply, error.statusCode, error.error, error.args)
      throw error
    }
    streams.add(stream)
    if (closing.state === 'closing') stream.end()
    visitor?.setSession({ viaCookie: true, end: () => { stream.end() } })
    stream.whenEnded(() => {
      streams.delete(stream)
      own?.leave()
    })
    if (visitor?.setCookie !== undefined) reply.header('set-cookie', visitor.setCookie)
    return await reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type('text/event-stream').send(stream.readable)
  })
}

/** Streams of a connection: of HTTP/1.1 only one can be answered at a time, however many are asked for at once. */
const MOST_STREAMS = { http1: 1, http2: 100 } as const

/** Where a cookie let somebody in: the stream ends when the login does. `gone` if that is over already. */
async function visitorOf (request: FastifyRequest, reply: FastifyReply, { join, entrance }: EventParts): Promise<CookieConnection | null | 'gone'> {
  if (join !== null || entrance === null || request.wampLogin === null) return null
  const visitor = await entrance.arrive(arrivalOf(request))
  whenResponseEnds(reply, () => { visitor.leave() })
  return await visitor.recall() === null ? 'gone' : visitor
}

/** What a query asks for, or what is wrong with it. */
function topicsOf ({ topic, match, get_retained: retained = 'false', ...rest }: Record<string, unknown>): { topics: string[], options: SubscribeOptions } | string {
  const [unknown] = Object.keys(rest)
  const topics = [...new Set([topic ?? []].flat())]
  if (unknown !== undefined) return `"${unknown.slice(0, 100)}" is not allowed: the query may have topic, match and get_retained`
  if (topics.length === 0) return '"topic" is missing: it must be the URI of a topic'
  if (topics.length > MOST_TOPICS || !topics.every((one) => typeof one === 'string')) return `"topic" must be a URI, and may be repeated up to ${MOST_TOPICS} times`
  if (match !== undefined && match !== 'exact' && match !== 'prefix' && match !== 'wildcard') return '"match" must be "exact", "prefix" or "wildcard"'
  if (retained !== 'true' && retained !== 'false') return '"get_retained" must be "true" or "false"'
  let pattern: string | null = null
  for (const one of topics) checkOptions(MessageType.Subscribe, one, { match }, (name, fault) => { pattern = `"${name}"${fault}` })
  if (pattern !== null) return pattern
  return { topics, options: { match: match ?? 'exact', get_retained: retained === 'true' } }
}

/** The event that a browser had last when it comes back, null if it does not, NaN if that is none. */
function lastEventOf ({ headers: { 'last-event-id': given = '' } }: FastifyRequest): Id | null {
  if (given === '') return null
  return /^\d+$/.test(String(given)) && isId(Number(given)) ? Number(given) : NaN
}

/** Where a response goes: over HTTP/2, its stream. */
function outflowOf (raw: Outflow & { readonly stream?: Outflow }): Outflow {
  return raw.stream ?? raw
}
