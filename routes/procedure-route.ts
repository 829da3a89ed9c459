import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import type { ProcedureContract } from '../plugin/contract/contract.ts'
import type { JsonSchema } from '../plugin/contract/schema-types.ts'
import { closest, refuseOther } from '../plugin/did-you-mean.ts'
import { errors, WampError } from '../plugin/errors.ts'
import { CallResult } from '../plugin/peer/call-result.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import { isUri } from '../plugin/protocol/uri.ts'
import type { Uri } from '../plugin/protocol/uri.ts'
import type { Router } from '../plugin/router.ts'
import { hasBigInt, isDict } from '../plugin/protocol/wire-value.ts'
import { limitBody } from './body-deadline.ts'
import type { CallerShares } from './caller-shares.ts'
import { CLIENT_GONE, signalOf, whenResponseEnds } from './client-gone.ts'
import { connectionOf, limitRequests, TOO_MANY_REQUESTS } from './connection-of.ts'
import { fairTurn } from './fair-turn.ts'
import { exactHooks, withTextForOctets } from './json-border.ts'
import type { Place } from './json-border.ts'
import { dropBody, holdBody } from './held-body.ts'
import { FOREIGN_PAGE, ownPagesOnly } from './origin.ts'
import type { OriginOptions } from './origin.ts'
import type { PortConnections } from './port-connections.ts'
import type { Unidentified } from './unidentified.ts'
import { limitAnswers } from './unread-answers.ts'

/** The options of a route that calls a procedure: those of a Fastify route, and those for WAMP. */
export interface ProcedureRouteOptions extends Omit<RouteOptions, 'handler' | 'websocket' | 'wsHandler'> {
  /** The HTTP method. Arguments are in the query for GET and DELETE, otherwise in the body. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The URI of the procedure. */
  readonly procedure: Uri
  /** The contract of the procedure, from which the route schema is derived. @default none, only the arguments in `schema` are accepted */
  readonly contract?: ProcedureContract
  /** The names of the positional arguments in the request. @default [] */
  readonly args?: readonly string[]
  /** The session that makes the calls. @default the user of the request's cookie; requests without a login receive 401 */
  readonly as?: InProcessSession
}

/** The dependencies of routes that call procedures. */
interface ProcedureRouteParts {
  /** The maximum depth of lists and dicts in a body. */
  readonly depth: number
  /** The shares of connections in the calls of a session of the app. */
  readonly shares: CallerShares
  /** The origins whose pages may use a route with `as`. */
  readonly origins: OriginOptions
  /** Throws WAMP_ERR_INVALID_OPTION for an invalid contract. */
  readonly checkContract: (contract: ProcedureContract) => void
  readonly unidentified: Unidentified
  /** The maximum octets of the answers that a connection of HTTP/2 has not read. */
  readonly bufferedBytes: number
  /** A body may take ten times as long as its `handshakeTimeout` to arrive. */
  readonly router: Pick<Router, 'handshakeTimeout' | 'logLimit' | 'held'>
  /** The pending requests at a further port, or null. */
  readonly connections: PortConnections | null
}

interface Schema { readonly properties?: Readonly<Record<string, object>>, readonly required?: readonly string[], readonly [keyword: string]: unknown }

const failure = {
  type: 'object',
  required: ['statusCode', 'error', 'message'],
  properties: { statusCode: { type: 'integer' }, code: { type: 'string' }, error: { type: 'string' }, message: { type: 'string' } }
}

const tooMany = { statusCode: 429, error: STATUS_CODES[429], message: TOO_MANY_REQUESTS }
const few = limitRequests(tooMany)

/** Adds a route that calls a procedure as the user of the request. Throws WAMP_ERR_INVALID_OPTION. */
export function procedureRoute (fastify: FastifyInstance, given: ProcedureRouteOptions, { depth, bufferedBytes, shares, origins, checkContract, unidentified, router, connections }: ProcedureRouteParts): void {
  checkRoute(given)
  if (given.contract !== undefined) checkContract(given.contract)
  const { procedure, contract = {}, args: names = [], as, ...route } = given
  const { onRequest = [], preParsing = [], preValidation = [], preHandler = [], onSend = [], schema = {} } = route
  const place = placeOf(route)
  const exact = exactHooks(depth, place)
  const { errors: raised = {} } = contract
  fastify.route({
    ...route,
    schema: { ...schemaOf(procedure, contract, names, route), ...schema },
    onRequest: [few, as === undefined ? fastify.wampIdentify : ownPagesOnly(origins, { statusCode: 403, error: 'Forbidden', message: FOREIGN_PAGE }), ...[onRequest].flat()],
    preParsing: [limitBody(router.handshakeTimeout), ...[preParsing].flat(), exact.preParsing],
    preValidation: [holdBody(router.held, tooMany), exact.preValidation, ...[preValidation].flat()],
    preHandler: [exact.preHandler, ...[preHandler].flat(), fairTurn],
    onSend: [...[onSend].flat(), exact.onSend, dropBody, limitAnswers({ bufferedBytes, logLimit: router.logLimit })],
    handler: async (request, reply) => {
      if (as === undefined && request.wampPrincipal === null) return await reply.code(401).send({ statusCode: 401, error: 'Unauthorized', message: unidentified(request) })
      const { args, kwargs } = argumentsOf(request, place, names)
      const gone = signalOf(reply)
      const signal = as === undefined || connections === null ? gone : signalAtPort(reply, connections)
      const ended = as === undefined ? () => {} : shares.begin(as, connectionOf(request.raw))
      if (ended === null) return await reply.code(429).header('cache-control', 'no-store').send(tooMany)
      // Before anything is sent: the promise of an HTTP/2 response to a client that has disconnected never settles.
      const called = call(as ?? request.wamp, procedure, args, kwargs, signal).finally(ended)
      try {
        return await answer(reply, await called)
      } catch (error) {
        if (gone.aborted) return await reply.code(CLIENT_GONE).send()
        if (!(error instanceof WampError)) throw error
        const { code, message } = error
        // An error may have the name `constructor`.
        const statusCode = Object.hasOwn(raised, code) ? raised[code]! : error.statusCode
        return await reply.code(statusCode).send({ statusCode, code, error: STATUS_CODES[statusCode], message })
      }
    }
  })
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
/** Separates the route's own options from those of Fastify, whose plugins may add further options. */
const known = [
  'method', 'url', 'path', 'procedure', 'contract', 'args', 'as', 'schema', 'attachValidation', 'validatorCompiler', 'serializerCompiler', 'bodyLimit', 'logLevel', 'logSerializers',
  'config', 'version', 'constraints', 'prefixTrailingSlash', 'exposeHeadRoute', 'errorHandler', 'schemaErrorFormatter', 'childLoggerFactory', 'handlerTimeout',
  'onRequest', 'preParsing', 'preValidation', 'preHandler', 'preSerialization', 'onSend', 'onResponse', 'onTimeout', 'onError', 'onRequestAbort'
]

/** True for the names of positional arguments. */
export function isListOfNames (value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
}

function checkRoute (given: ProcedureRouteOptions): void {
  refuseOther(given, 'options')
  for (const name of Object.keys(given)) {
    if (name === 'handler' || name === 'wsHandler' || name === 'websocket') throw new errors.WAMP_ERR_INVALID_OPTION(name, 'is not supported by wampRoute: the procedure answers')
    if (name === 'realm') throw new errors.WAMP_ERR_INVALID_OPTION(name, 'is not supported by wampRoute: the realm is that of the request\'s user, or of the session in "as"')
    const meant = known.includes(name) ? null : closest(name, known)
    if (meant !== null) throw new errors.WAMP_ERR_INVALID_OPTION(name, `is not an option: did you mean "${meant}"?`)
  }
  const { procedure, method, url, args = [], as } = given
  if (typeof url !== 'string') throw new errors.WAMP_ERR_INVALID_OPTION('url', 'must be the path of the route')
  if (!isUri(procedure)) throw new errors.WAMP_ERR_INVALID_OPTION('procedure', `must be the URI that ${method} ${url} calls`)
  if (as !== undefined && typeof (as as Partial<InProcessSession> | null)?.call !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('as', 'must be a session, such as app.wamp.join("realm1")')
  if (!methods.includes(method)) throw new errors.WAMP_ERR_INVALID_OPTION('method', `must be one of ${methods.join(', ')}`)
  if (!isListOfNames(args)) throw new errors.WAMP_ERR_INVALID_OPTION('args', 'must be a list of names')
}

/** Fastify would send a string as is, and nothing for null. Here all results are JSON, except a result that consists only of octets. */
async function answer (reply: FastifyReply, value: unknown): Promise<unknown> {
  if (value === undefined) return await reply.code(204).send()
  if (value instanceof Uint8Array) return value
  if (typeof value === 'string' || value === null) return await reply.type('application/json').send(JSON.stringify(value))
  try {
    const written = withTextForOctets(value)
    const write = reply.getSerializationFunction('200')
    if (write === undefined) reply.type('application/json').serializer(stringifyValue)
    // A schema may not be able to represent them.
    else if (hasBigInt(written)) write(written as Record<string, unknown>)
    return written
  } catch {
    throw new WampError(reasons.invalidArgument, { args: ['JSON cannot represent the result'] })
  }
}

async function call (session: InProcessSession, procedure: Uri, args: unknown[], kwargs: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
  const value = await session.call(procedure, args, kwargs, { signal })
  return value instanceof CallResult ? { args: value.args, kwargs: value.kwargs } : value
}

/** The location of the arguments that are not in the path. Values in other locations are not validated by a schema. */
function placeOf ({ method }: Pick<ProcedureRouteOptions, 'method'>): Place {
  return method === 'GET' || method === 'DELETE' ? 'query' : 'body'
}

/** A signal that is also aborted when the port closes: a session of the app stays open then, and its call may never be answered. */
function signalAtPort (reply: FastifyReply, connections: PortConnections): AbortSignal {
  const stop = new AbortController()
  const lift = connections.whenOver(() => { stop.abort(new errors.WAMP_ERR_SESSION_CLOSED(reasons.systemShutdown)) })
  whenResponseEnds(reply, () => {
    lift()
    stop.abort()
  })
  return stop.signal
}

/** The arguments of a request: by name, and the positional ones in order. */
function argumentsOf ({ params, query, body }: FastifyRequest, place: Place, names: readonly string[]): { args: unknown[], kwargs: Record<string, unknown> } {
  const given = place === 'query' ? query as object : isDict(body) ? body : {}
  const kwargs: Record<string, unknown> = { ...given, ...(params as object) }
  const args = names.map((name) => kwargs[name])
  for (const name of names) delete kwargs[name]
  while (args.length > 0 && args.at(-1) === undefined) args.pop()
  return { args, kwargs }
}

/** The route schema: path parameters are in the path, and all others in the query or the body. */
function schemaOf (procedure: Uri, { description, args, kwargs, result, errors: raised = {} }: ProcedureContract, names: readonly string[], { method, url }: Pick<ProcedureRouteOptions, 'method' | 'url'>): object {
  const named = namesOf(args, names)
  const { properties = {}, required = [], ...rest } = (kwargs ?? { type: 'object', additionalProperties: false }) as Schema
  const all = { ...properties, ...named.properties }
  const needed = [...required, ...named.required]
  const inPath = [...url.matchAll(/(?<!:):(\w+)/g)].map(([, name]) => name!)
  const pick = (chosen: (name: string) => boolean): object => ({
    ...rest, type: 'object', properties: Object.fromEntries(Object.entries(all).filter(([name]) => chosen(name))), required: needed.filter(chosen)
  })
  const elsewhere = placeOf({ method }) === 'query' ? 'querystring' : 'body'
  const params = inPath.length === 0 ? {} : { params: pick((name) => inPath.includes(name)) }
  const statuses = Object.fromEntries([400, 401, 403, ...Object.values(raised)].map((status) => [status, failure]))
  return {
    ...(description === undefined ? {} : { summary: description }),
    ...params,
    [elsewhere]: pick((name) => !inPath.includes(name)),
    response: { ...(result === undefined ? {} : { 200: result }), ...statuses },
    'x-wamp-procedure': procedure
  }
}

/** The schemas of positional arguments, by the names that the route defines. */
function namesOf (schema: JsonSchema | undefined, names: readonly string[]): { properties: Record<string, object>, required: string[] } {
  const { prefixItems, items = prefixItems, minItems = 0 } = (schema ?? { items: [] }) as { items?: unknown, prefixItems?: unknown, minItems?: number }
  if (!Array.isArray(items)) throw new errors.WAMP_ERR_INVALID_OPTION('contract.args', 'must be a tuple, because a route needs a name for each argument')
  if (items.length !== names.length) throw new errors.WAMP_ERR_INVALID_OPTION('args', `must name the ${items.length} positional arguments of the contract`)
  return { properties: Object.fromEntries(names.map((name, i) => [name, items[i] as object])), required: names.slice(0, minItems) }
}
