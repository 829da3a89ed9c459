import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyRequest, InjectOptions, RouteOptions } from 'fastify'
import type { Principal } from '../plugin/auth/authenticator.ts'
import { readValues } from '../plugin/codec/json-value.ts'
import { stringifyValue } from '../plugin/codec/json-writer.ts'
import { refuseUnknown } from '../plugin/did-you-mean.ts'
import { errors, WampError } from '../plugin/errors.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import type { Called } from '../plugin/peer/session-types.ts'
import type { Id } from '../plugin/protocol/id.ts'
import { errorOfStatus } from '../plugin/protocol/http-status.ts'
import { reasons } from '../plugin/protocol/reasons.ts'
import { isUri } from '../plugin/protocol/uri.ts'
import { isListOfNames } from './procedure-route.ts'
import type { Uri } from '../plugin/protocol/uri.ts'
import type { RoutedSession } from '../plugin/routing/routed-session.ts'
import type { Router } from '../plugin/router.ts'

/** `config.wamp` of a route that is also a procedure. */
export interface RouteProcedureOptions {
  /** The realm of the registration. */
  readonly realm: Uri
  /** The URI of the registration. */
  readonly procedure: Uri
  /** The names of the positional arguments. Keyword arguments keep their names. @default [] */
  readonly args?: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Also makes the route a procedure. A call is sent as a request with the identity of the caller. */
    wamp?: RouteProcedureOptions
  }
}

type Caller = Pick<RoutedSession, 'principal' | 'transport'>
/** A call on its way to its route, unless an earlier hook answers it. `elsewhere`: its values matched another route. */
interface Journey { readonly principal: Principal, readonly meant: RouteProcedureOptions, state: 'under way' | 'arrived' | 'elsewhere' }
/** A route that is a procedure. */
interface Route { readonly url: string, readonly method: HTTPMethod, readonly options: RouteProcedureOptions }
type HTTPMethod = NonNullable<Exclude<InjectOptions['method'], undefined>>

/** The units of work of a call: not less than those of a request. */
const UNITS_OF_CALL = 3000

/** An unpaired surrogate, which a URL cannot represent. */
const halfPair = /\p{Surrogate}/u

/** What Fastify prints if no route has been added. */
const NO_ROUTES = '(empty tree)'

/** The header that marks a request as a call. Its value is only valid in this process, until the answer. */
const HEADER = 'x-fastify-wamp-call'

/** Routes that are procedures. A call passes through the route's hooks, validation and serialization, like any request. */
export class RouteProcedures {
  readonly #fastify: FastifyInstance
  readonly #router: Router
  readonly #routes: Route[] = []
  /** Options of routes that were added before the plugin, once they are logged. */
  readonly #early = new WeakSet<RouteProcedureOptions>()
  /** The calls, by the value of the header. */
  readonly #journeys = new Map<string, Journey>()
  readonly #principals = new WeakMap<FastifyRequest, Principal>()
  /** The sessions that have registered the procedures, by realm. */
  readonly #sessions = new Map<Uri, InProcessSession>()

  constructor (fastify: FastifyInstance, router: Router) {
    this.#fastify = fastify
    this.#router = router
    fastify.addHook('onRoute', (route) => { this.#add(route) })
    fastify.addHook('onRequest', (request, reply, done) => {
      if (this.#recognize(request) !== 'elsewhere') return done()
      // Skips the hooks and error handlers of the other route, which is unrelated to this call.
      reply.hijack()
      reply.raw.writeHead(400).end()
    })
    fastify.addHook('onReady', async () => { await this.#register() })
    // `onRoute` does not see routes that were added before the plugin.
    if (fastify.printRoutes() !== NO_ROUTES) fastify.addHook('onRequest', async (request) => { this.#warnIfEarly(request) })
  }

  /** Unregisters the procedures. */
  async leave (): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.leave()))
  }

  /** The caller if the request was created for a call; undefined for other HTTP requests. */
  callerOf (request: FastifyRequest): Principal | undefined {
    return this.#principals.get(request)
  }

  #add ({ url, method, config, schema, constraints = {} }: RouteOptions): void {
    const options = config?.wamp
    const [first] = [method].flat()
    // Fastify automatically adds a HEAD route to each GET route.
    if (options === undefined || first === undefined || first === 'HEAD') return
    if (url.includes('*')) throw new errors.WAMP_ERR_INVALID_OPTION('config.wamp', `is not supported for ${first} ${url}: the value of * has no name`)
    const [constraint] = Object.keys(constraints)
    if (constraint !== undefined) {
      throw new errors.WAMP_ERR_INVALID_OPTION('config.wamp', `is not supported for ${first} ${url}: a call has no value for its constraint "${constraint}"`)
    }
    refuseUnknown(options, ['realm', 'procedure', 'args'], 'config.wamp')
    if (typeof options.realm !== 'string') throw new errors.WAMP_ERR_INVALID_OPTION('config.wamp.realm', `of ${first} ${url} must be the name of a realm`)
    if (options.args !== undefined && !isListOfNames(options.args)) throw new errors.WAMP_ERR_INVALID_OPTION('config.wamp.args', `of ${first} ${url} must be a list of names`)
    if (!isUri(options.procedure)) throw new errors.WAMP_ERR_INVALID_OPTION('config.wamp.procedure', `of ${first} ${url} must be a URI`)
    if (schema !== undefined) (schema as Record<string, unknown>)['x-wamp-procedure'] = options.procedure
    this.#routes.push({ url, method: first as HTTPMethod, options })
  }

  /** Warns of a route that cannot be a procedure, because it was added before the plugin was loaded. */
  #warnIfEarly (request: FastifyRequest): void {
    const { url, method, config } = request.routeOptions
    // There is no config if no route was found.
    const wamp = (config as typeof config | undefined)?.wamp
    if (wamp === undefined || this.#early.has(wamp) || this.#routes.some(({ options }) => options === wamp)) return
    this.#early.add(wamp)
    request.log.warn({ option: 'config.wamp', url }, `the route ${String(method)} ${url ?? ''} is not a procedure, because it was added before fastify-wamp was loaded: add it after await app.register(wampPlugin, …), or in a plugin that is registered later`)
  }

  async #register (): Promise<void> {
    for (const route of this.#routes) {
      const { realm, procedure, args = [] } = route.options
      const session = this.#sessions.get(realm) ?? this.#router.joinForRoutes(realm, UNITS_OF_CALL)
      this.#sessions.set(realm, session)
      await session.register(procedure, async (called) => {
        // CANCEL often arrives with the call: then no request is needed.
        await Promise.resolve()
        called.signal.throwIfAborted()
        const caller = this.#router.realm(realm)?.sessions.get(called.details['caller'] as Id)
        if (caller === undefined) throw new WampError(reasons.canceled, { args: ['the caller has left'] })
        return await this.#request(route, { values: valuesOf(called, args), caller, signal: called.signal })
      }, { disclose_caller: true })
    }
  }

  async #request ({ url, method, options }: Route, { values, caller, signal }: { values: Record<string, unknown>, caller: Caller, signal: AbortSignal }): Promise<unknown> {
    const path = pathOf(url, values)
    const token = randomBytes(18).toString('base64url')
    const journey: Journey = { principal: caller.principal, meant: options, state: 'under way' }
    this.#journeys.set(token, journey)
    try {
      const inQuery = method === 'GET' || method === 'DELETE'
      const response = await this.#fastify.inject({
        method,
        url: inQuery ? `${path}${queryOf(values)}` : path,
        signal,
        headers: { [HEADER]: token, ...(inQuery ? {} : { 'content-type': 'application/json' }) },
        // A hook that admits requests by address must not admit every caller.
        ...(caller.transport.peer === undefined ? {} : { remoteAddress: caller.transport.peer }),
        ...(inQuery ? {} : { payload: bodyOf(values) })
      })
      if (journey.state === 'elsewhere') throw new WampError(reasons.invalidArgument, { args: ['the arguments match another route'] })
      return resultOf(response.statusCode, response.headers['content-type'], response.rawPayload)
    } finally {
      this.#journeys.delete(token)
    }
  }

  /** The state of the call that the request was created for, or null for other requests. */
  #recognize (request: FastifyRequest): Journey['state'] | null {
    const token = request.headers[HEADER]
    if (token === undefined) return null
    delete request.raw.headers[HEADER]
    const journey = this.#journeys.get(String(token))
    if (journey === undefined) return null
    // A literal segment or a regular expression may have selected another route for the same path.
    journey.state = request.routeOptions.config.wamp === journey.meant ? 'arrived' : 'elsewhere'
    if (journey.state === 'arrived') this.#principals.set(request, journey.principal)
    return journey.state
  }
}

/** The path with the values of its parameters, which are removed from `values`. In a path, `::` is a colon. */
function pathOf (url: string, values: Record<string, unknown>): string {
  return url.replace(/::|(\/?):(\w+)(?:\([^)]*\))?(\??)/g, (found, slash: string, name: string, optional: string) => {
    if (found === '::') return ':'
    const value = values[name]
    delete values[name]
    return optional !== '' && value === undefined ? '' : `${slash}${segmentOf(name, value)}`
  })
}

/** A value as one segment of a path. Segments of dots would lead to another route, even if escaped. */
function segmentOf (name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : ''
  if (text === '' || text === '.' || text === '..' || halfPair.test(text)) throw new WampError(reasons.invalidArgument, { args: [`"${name}" must be a number, or a string that can be a path segment`] })
  return encodeURIComponent(text)
}

function valuesOf ({ args, kwargs }: Called, names: readonly string[]): Record<string, unknown> {
  if (args.length > names.length) throw new WampError(reasons.invalidArgument, { args: [`at most ${names.length} positional arguments are accepted`] })
  return { ...kwargs, ...Object.fromEntries(names.slice(0, args.length).map((name, i) => [name, args[i]])) }
}

/** The route reads its body as Fastify does, so integers that a Number would round are rejected. */
function bodyOf (values: object): string {
  if (hasLongInteger(values)) throw new WampError(reasons.invalidArgument, { args: ['the body of a request cannot represent an integer beyond 2^53 exactly'] })
  try {
    return stringifyValue(values)
  } catch {
    throw new WampError(reasons.invalidArgument, { args: ['JSON cannot represent the arguments'] })
  }
}

function hasLongInteger (value: unknown): boolean {
  if (typeof value === 'bigint') return !Number.isSafeInteger(Number(value))
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && Object.values(value).some(hasLongInteger)
}

/** The query of a URL. It is made as a whole: a parameter that is set in a URL is compared with all others, and a call may have 100,000. */
function queryOf (values: Record<string, unknown>): string {
  const textOf = (value: unknown): string => {
    const text = typeof value === 'object' && value !== null ? bodyOf(value) : String(value)
    if (halfPair.test(text)) throw new WampError(reasons.invalidArgument, { args: ['a URL cannot represent the arguments'] })
    return text
  }
  const parameters = Object.entries(values).flatMap(([name, value]): [string, string][] => {
    const text = textOf(name)
    if (value === undefined || value === null) return []
    return Array.isArray(value) ? value.map((item) => [text, textOf(item)]) : [[text, textOf(value)]]
  })
  return parameters.length === 0 ? '' : `?${new URLSearchParams(parameters).toString()}`
}

function resultOf (status: number, type: unknown, body: Buffer): unknown {
  const value = body.length === 0 ? undefined : /^application\/(?:\S+\+)?json\b/.test(String(type)) ? readValues(body.toString(), Infinity) : String(type).startsWith('text/') ? body.toString() : body
  if (status < 400) return value
  const { code, message } = (typeof value === 'object' && value !== null ? value : {}) as { code?: unknown, message?: unknown }
  const error = typeof code === 'string' && code.includes('.') && isUri(code) ? code : errorOfStatus(status)
  throw new WampError(error, { args: typeof message === 'string' ? [message] : [], kwargs: { statusCode: status } })
}
