import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { jsonCodec } from '../plugin/codec/json-codec.ts'
import { readValues } from '../plugin/codec/json-value.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import { EncodingError } from '../plugin/codec/codec.ts'
import { WampError } from '../plugin/errors.ts'
import { CallResult } from '../plugin/peer/call-result.ts'
import { packBy } from '../plugin/in-process/in-process-session.ts'
import type { InProcessSession, Pack } from '../plugin/in-process/in-process-session.ts'
import type { CallOptions, PublishOptions } from '../plugin/protocol/message.ts'
import { Payload } from '../plugin/protocol/payload.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import { hasManyObjects, isDict, MOST_OBJECTS } from '../plugin/protocol/wire-value.ts'
import { spendOctets } from '../plugin/work.ts'
import type { Router } from '../plugin/router.ts'
import { limitBody } from './body-deadline.ts'
import { CLIENT_GONE, signalOf } from './client-gone.ts'
import { limitRequests, TOO_MANY_REQUESTS } from './connection-of.ts'
import { fairTurn } from './fair-turn.ts'
import { hideSecrets } from './hidden-log.ts'
import { FOREIGN_PAGE, ownPagesOnly } from './origin.ts'
import type { OriginOptions } from './origin.ts'
import { refusedRequest } from './refused-request.ts'
import { poisonGuard } from './poisoning.ts'
import { secretsOfSignedUrl } from './signed-request.ts'
import type { SignedRequests } from './signed-request.ts'
import type { Unidentified } from './unidentified.ts'
import { limitAnswers } from './unread-answers.ts'

/** What the HTTP bridge is made of. */
export interface BridgeParts {
  /** The path where calls are made, or null. */
  readonly call: string | null
  /** The path where events are published, or null. */
  readonly publish: string | null
  /** Opens a session in whose name a request is, or null for the principal of each request. */
  readonly join: (() => InProcessSession) | null
  /** Whose pages may use it in the name of `join`. */
  readonly origins: OriginOptions
  /** Null if requests need no signature. */
  readonly signatures: SignedRequests | null
  /** The most levels of lists and dicts in a body. */
  readonly depth: number
  /** The maximum octets of the answers that a connection of HTTP/2 has not read. */
  readonly bufferedBytes: number
  readonly router: Pick<Router, 'state' | 'handshakeTimeout' | 'logLimit'>
  readonly unidentified: Unidentified
}

/** The texts of bodies, until they are read, or the request is answered without that. */
const bodies = new WeakMap<FastifyRequest, string>()

/** Mounts the HTTP bridge: calls and publications by POST, with the bodies that Crossbar.io's has. */
export async function bridgeRoutes (fastify: FastifyInstance, { call, publish, join, origins, signatures, depth, bufferedBytes, router, unidentified }: BridgeParts): Promise<void> {
  fastify.addHook('preParsing', limitBody(router.handshakeTimeout))
  // Nothing but JSON: a page of a foreign origin cannot send that without being asked first.
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    bodies.set(request, String(body))
    done(null, null)
  })
  const refusedKey = poisonGuard(fastify.initialConfig)
  const ownPages = join === null ? [] : [ownPagesOnly(origins, { error: FOREIGN_PAGE, args: [], kwargs: {} })]
  const logging = signatures === null ? {} : { childLoggerFactory: hideSecrets(fastify, secretsOfSignedUrl) }
  const few = limitRequests(failed(429, TOO_MANY_REQUESTS).body)
  const dropText = async (request: FastifyRequest): Promise<void> => { textTaken(request) }
  const onSend = [dropText, limitAnswers({ bufferedBytes, logLimit: router.logLimit })]
  const outcomeOf = async (request: FastifyRequest, gone: AbortSignal, act: (session: InProcessSession) => Promise<object>): Promise<Outcome> => {
    let own: InProcessSession | undefined
    try {
      // One of its own: no request waits for the calls of another one, nor lives by what becomes of it.
      own = join?.()
      return { status: 200, body: await act(own ?? request.wamp) }
    } catch (error) {
      if (gone.aborted) return failed(CLIENT_GONE, 'the client has gone')
      const refused = refusedRequest(error, { join, router })
      if (refused !== null) return failed(refused.status, refused.error)
      // An error of a procedure is an answer as well.
      if (!(error instanceof WampError)) throw error
      return { status: 200, body: { error: error.error, args: error.args, kwargs: error.kwargs } }
    } finally {
      // Before anything is sent: a response of HTTP/2 whose client has gone never says that it was.
      await own?.leave()
    }
  }
  const serve = (path: string, name: 'procedure' | 'topic', perform: Perform): void => {
    // A browser asks before a cross-origin request. Without this route, the app would log its URL.
    if (signatures !== null) fastify.options(path, logging, async (_request, reply) => await reply.code(404).send(failed(404, 'this path accepts only POST').body))
    // No function that waits for an answer may have the text.
    const read = (request: FastifyRequest): Given | Outcome => {
      const text = textTaken(request)
      const fault = signatures?.faultOf(request.query as Record<string, unknown>, text) ?? null
      if (fault !== null) return failed(401, fault)
      if (join === null && request.wampPrincipal === null) return failed(401, unidentified(request))
      const given = readBody(valuesOf(text, depth, refusedKey), name)
      return typeof given === 'string' ? failed(400, given) : given
    }
    fastify.post(path, { ...logging, onRequest: [few, ...ownPages, fastify.wampIdentify], preHandler: fairTurn, onSend }, async (request, reply) => {
      const given = read(request)
      if ('status' in given) return answer(reply, given)
      const gone = signalOf(reply)
      const outcome = await outcomeOf(request, gone, async (session) => await perform(session, given, gone))
      return gone.aborted ? reply.code(CLIENT_GONE).send() : answer(reply, outcome)
    })
  }
  if (call !== null) serve(call, 'procedure', makeCall)
  if (publish !== null) serve(publish, 'topic', makePublication)
}

/** What a body asks for. The values are removed when the request is made. */
interface Given { readonly uri: string, args: unknown[], kwargs: Record<string, unknown>, options: Record<string, unknown> }
/** The answer to a request. */
interface Outcome { readonly status: number, readonly body: object }
type Perform = (session: InProcessSession, given: Given, gone: AbortSignal) => Promise<object>

function failed (status: number, error: string): Outcome {
  return { status, body: { error, args: [], kwargs: {} } }
}

/** Who gives up the request cancels the call. */
function makeCall (session: InProcessSession, given: Given, gone: AbortSignal): Promise<object> {
  const { uri, args, kwargs, options } = valuesTaken(given)
  packBy(session, asText)
  return session.call(uri, args, kwargs, { ...options as CallOptions, signal: gone }).then(resultOf)
}

function makePublication (session: InProcessSession, given: Given): Promise<object> {
  const { uri, args, kwargs, options } = valuesTaken(given)
  packBy(session, asText)
  return session.publish(uri, args, kwargs, options as PublishOptions).then((id) => ({ id }))
}

/** The values of a request become text if they wait for an authorizer. */
const asText: Pack = (args, kwargs) => Payload.of(args, kwargs, jsonCodec)

function resultOf (value: unknown): object {
  if (!(value instanceof CallResult)) return { args: value === undefined ? [] : [value] }
  return Object.keys(value.kwargs).length === 0 ? { args: value.args } : { args: value.args, kwargs: value.kwargs }
}

/**
 * What a body asked for, which no longer has the values then: the answer may come late or never, and values take up to a hundred times as much
 * memory as the body. An async function would keep whatever it has had in its hands until its promise is settled.
 */
function valuesTaken (given: Given): Given {
  const taken = { ...given }
  given.args = []
  given.kwargs = {}
  given.options = {}
  return taken
}

/** The text of a body. It is not kept: the answer may come late or never, and none of `limits` counts texts. */
function textTaken (request: FastifyRequest): string {
  const text = bodies.get(request) ?? ''
  bodies.delete(request)
  return text
}

/** The values of a body. They take far more memory than its text, so nothing waits between this and their use. Throws an error of status 400. */
function valuesOf (text: string, depth: number, refusedKey: ReturnType<typeof poisonGuard>): unknown {
  spendOctets(text.length)
  try {
    const values = readValues(text, depth)
    const refused = refusedKey(text, values)
    if (refused !== null) throw new EncodingError(`it has the key "${refused}"`)
    return values
  } catch (error) {
    throw Object.assign(new Error(error instanceof EncodingError ? `the body cannot be accepted: ${error.message}` : 'the body is not JSON'), { statusCode: 400 })
  }
}

/** What a body asks for, or what is wrong with it. */
function readBody (body: unknown, name: 'procedure' | 'topic'): Given | string {
  if (!isDict(body)) return 'the body must be an object'
  const { [name]: uri, args, kwargs, options, ...rest } = body
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) return `"${unknown.slice(0, 100)}" is not allowed: the body may have ${name}, args, kwargs and options`
  if (typeof uri !== 'string') return `"${name}" must be a URI`
  if (args != null && !Array.isArray(args)) return '"args" must be a list'
  if (kwargs != null && !isDict(kwargs)) return '"kwargs" must be an object'
  if (options != null && !isDict(options)) return '"options" must be an object'
  if (hasManyObjects(options)) return `"options" must contain at most ${MOST_OBJECTS} lists and objects`
  return { uri, args: args ?? [], kwargs: kwargs ?? {}, options: options ?? {} }
}

/** Nothing waits here for the client to read the answer: the values of the body would stay in memory. */
function answer (reply: FastifyReply, { status, body }: Outcome): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').type('application/json').send(textOf(body))
}

/** Numbers beyond 2^53 and octets are written as `wamp.2.json` writes them; what has no form is the same ERROR as there. */
function textOf (body: object): string {
  try {
    return stringifyValue(body)
  } catch {
    return stringifyValue({ error: reasons.invalidArgument, args: ['JSON cannot represent the payload'], kwargs: {} })
  }
}
