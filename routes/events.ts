import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { stringifyValue } from '../plugin/codec/json-value.ts'
import type { CookieConnection } from '../plugin/cookie/cookie-connection.ts'
import type { CookieTracker } from '../plugin/cookie/cookie-tracker.ts'
import { errors, WampError } from '../plugin/errors.ts'
import type { InProcessSession, Received } from '../plugin/in-process/in-process-session.ts'
import type { SubscribeOptions } from '../plugin/protocol/message.ts'
import type { Router } from '../plugin/router.ts'
import type { Admission } from '../plugin/transport/admission.ts'
import { arrivalOf } from './identity.ts'

/** What Server-Sent Events are made of. */
export interface EventParts {
  readonly path: string
  /** The session in whose name topics are subscribed, or null for the principal of each request. */
  readonly session: InProcessSession | null
  readonly router: Pick<Router, 'realm'>
  readonly tracker: CookieTracker | null
  readonly admission: Admission
  /** Bytes that wait for a client before its stream is ended. */
  readonly owed: number
}

/** Topics of one stream. */
const MOST_TOPICS = 100
/** Milliseconds that a client has to read the rest. */
const CLOSE_TIMEOUT = 1000
/** Milliseconds between comments, by which proxies and both ends see that the stream is alive. */
const COMMENTS = 15_000

/** Mounts topics as Server-Sent Events: a GET that lasts, under the same cookie and the same permissions. */
export async function eventRoutes (fastify: FastifyInstance, parts: EventParts): Promise<void> {
  const streams = new Set<EventStream>()
  const comments = setInterval(() => { for (const stream of streams) stream.comment() }, COMMENTS).unref()
  // A stream never ends by itself: it would hold up the close.
  fastify.addHook('preClose', async () => {
    clearInterval(comments)
    for (const stream of streams) stream.end()
  })
  fastify.get(parts.path, { onRequest: fastify.wampIdentify }, async (request, reply) => {
    const refuse = async (status: number, error: string): Promise<FastifyReply> => await reply.code(status).header('cache-control', 'no-store').send({ error, args: [], kwargs: {} })
    const asked = topicsOf(request.query as Record<string, unknown>)
    if (typeof asked === 'string') return await refuse(400, asked)
    const { wampPrincipal: principal } = request
    if (parts.session === null && principal === null) return await refuse(401, 'log in first')
    const limit = parts.session !== null ? null : parts.router.realm(principal!.realm)?.limitReached(principal!) ?? null
    if (limit !== null) return await refuse(429, limit)
    const entry = parts.admission.enter(request.raw.socket === undefined ? undefined : request.ip)
    if (typeof entry !== 'function') return await refuse(entry.status, entry.error)
    reply.raw.once('close', entry)

    const visitor = await visitorOf(request, parts)
    if (visitor === 'gone') return await refuse(401, 'log in first')
    const stream = new EventStream(parts.owed)
    reply.raw.once('close', () => { stream.end() })
    try {
      await stream.open(parts.session ?? request.wamp, asked.topics, asked.options)
    } catch (error) {
      visitor?.leave()
      if (error instanceof errors.WAMP_ERR_INVALID_MESSAGE) return await refuse(400, error.message)
      if (error instanceof WampError) return await refuse(error.statusCode, error.error)
      throw error
    }
    streams.add(stream)
    visitor?.occupy({ letInByCookie: true, end: () => { stream.end() } })
    stream.whenEnded(() => {
      streams.delete(stream)
      visitor?.leave()
    })
    if (visitor?.setCookie !== undefined) reply.header('set-cookie', visitor.setCookie)
    return await reply.header('cache-control', 'no-store').header('x-accel-buffering', 'no').type('text/event-stream').send(stream.readable)
  })
}

/** Where a cookie let somebody in: the stream ends when the login does. `gone` if that is over already. */
async function visitorOf (request: FastifyRequest, { session, tracker }: EventParts): Promise<CookieConnection | null | 'gone'> {
  if (session !== null || tracker === null || request.wampLogin === null) return null
  const visitor = await tracker.arrive(arrivalOf(request))
  if (await visitor.recall() !== null) return visitor
  visitor.leave()
  return 'gone'
}

/** What a query asks for, or what is wrong with it. */
function topicsOf ({ topic, match = 'exact', get_retained: retained = 'false', ...rest }: Record<string, unknown>): { topics: string[], options: SubscribeOptions } | string {
  const [unknown] = Object.keys(rest)
  const topics = [topic ?? []].flat()
  if (unknown !== undefined) return `"${unknown.slice(0, 100)}" is not known`
  if (topics.length === 0 || topics.length > MOST_TOPICS || !topics.every((one) => typeof one === 'string')) return `"topic" must be a URI, and stand 1 to ${MOST_TOPICS} times`
  if (match !== 'exact' && match !== 'prefix' && match !== 'wildcard') return '"match" must be "exact", "prefix" or "wildcard"'
  if (retained !== 'true' && retained !== 'false') return '"get_retained" must be "true" or "false"'
  return { topics, options: { match, get_retained: retained === 'true' } }
}

/** The events of some topics as text, for one client. */
class EventStream {
  readonly readable = new Readable({ read () {} })
  readonly #owed: number
  readonly #subscriptions: { unsubscribe (): Promise<void> }[] = []
  /** Takes back that the session tells of its end: it may serve many streams. */
  #forget = (): void => {}
  #state: 'open' | 'ended' = 'open'

  constructor (owed: number) {
    this.#owed = owed
    this.readable.push('retry: 3000\n\n')
    this.readable.once('close', () => { this.end() })
  }

  /** Rejects with the WampError of a refusal. */
  async open (session: InProcessSession, topics: readonly string[], options: SubscribeOptions): Promise<void> {
    try {
      for (const topic of topics) this.#subscriptions.push(await session.subscribe(topic, (received) => { this.#write(topic, received) }, options))
    } catch (error) {
      this.end()
      throw error
    }
    if (this.#state === 'ended') this.#unsubscribe()
    else this.#forget = session.whenClosed(() => { this.end() })
  }

  comment (): void {
    if (this.#state === 'open') this.readable.push(':\n\n')
  }

  whenEnded (tell: () => void): void {
    if (this.readable.destroyed) tell()
    else this.readable.once('close', tell)
  }

  /** A browser comes back by itself. */
  end (): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.readable.push(null)
    setTimeout(() => { this.readable.destroy() }, CLOSE_TIMEOUT).unref()
    this.#forget()
    this.#unsubscribe()
  }

  #unsubscribe (): void {
    // The session may have ended before.
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe().catch(() => {})
  }

  #write (topic: string, { args, kwargs, details, publication }: Received): void {
    if (this.#state === 'ended') return
    if (this.readable.readableLength > this.#owed) {
      // It does not read: what waits is not worth keeping.
      this.end()
      this.readable.destroy()
      return
    }
    this.readable.push(`id: ${publication}\ndata: ${stringifyValue({ topic: details['topic'] ?? topic, args, kwargs, details })}\n\n`)
  }
}
