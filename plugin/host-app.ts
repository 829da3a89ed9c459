import type { FastifyInstance } from 'fastify'
import { CallerShares } from '../routes/caller-shares.ts'
import { warnUnlessSent } from '../routes/cookie-path.ts'
import { decorateIdentity } from '../routes/identity.ts'
import type { PortConnections } from '../routes/port-connections.ts'
import { procedureRoute } from '../routes/procedure-route.ts'
import type { ProcedureRouteOptions } from '../routes/procedure-route.ts'
import { RouteProcedures } from '../routes/route-procedure.ts'
import type { SignatureKeys } from '../routes/signed-request.ts'
import type { Unidentified } from '../routes/unidentified.ts'
import { websocketRoute } from '../routes/websocket.ts'
import type { Authenticators } from './auth/authenticators.ts'
import { codecs } from './codec/codecs.ts'
import type { CookieEntrance } from './cookie/cookie-entrance.ts'
import { createCustomTransport } from './custom-transport.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import { refuseUnknown } from './did-you-mean.ts'
import { buildEndpoint } from './endpoint.ts'
import type { CookieTrackers } from './endpoint.ts'
import { errors } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { defaults, fill } from './option-defaults.ts'
import type { InjectOptions } from './options.ts'
import { checkContract, futileTimes } from './resolve-options.ts'
import type { Served } from './resolve-options.ts'
import type { ResolvedEndpoint, ResolvedOptions } from './resolved-options.ts'
import type { Router } from './router.ts'

/** The state that the app of the router shares with its further plugins and ports. */
export interface Core {
  readonly options: ResolvedOptions
  readonly router: Router
  readonly trackers: CookieTrackers
  readonly gateway: Gateway
  readonly signatures: SignatureKeys
  /** Everything that the endpoints and ports serve so far. */
  readonly served: Served
  /** The apps that serve the router at further ports. They close with the router's app. */
  readonly ports: Set<FastifyInstance>
  /** The connections at this port; null at that of the router's app, whose router ends all. */
  readonly connections: PortConnections | null
}

/** The state of the plugin's own endpoint, in addition. */
export interface Host extends Core {
  readonly entrance: CookieEntrance | null
  readonly authenticators: Authenticators
  readonly unidentified: Unidentified
}

export const kHost = Symbol('fastify-wamp.host')

/** Adds the decorators of the plugin to an app. */
export function decorateApp (fastify: FastifyInstance, host: Host): void {
  const { router, options, entrance, authenticators, unidentified } = host
  fastify.decorate(kHost, host)
  fastify.decorate('wamp', router)
  fastify.decorate('wampAuthenticators', authenticators)
  fastify.decorate('wampRawSockets', [])
  fastify.decorate('wampTransport', (given: CustomTransportOptions = {}) => createCustomTransport({ ...host, log: fastify.log }, given))
  // An endpoint that is added later may be the first one with a cookie.
  fastify.decorate('wampCookies', { getter: () => router.logins.isEmpty ? null : router.logins })
  fastify.decorate('injectWamp', async (given: InjectOptions) => {
    refuseUnknown(given, ['realm', ...Object.keys(defaults.inject)])
    const { realm } = given
    const { authid, role, codec } = fill(defaults.inject, given)
    const chosen = codecs.get(`wamp.2.${codec}`)
    if (chosen === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('codec', 'must be "json", "msgpack" or "cbor"')
    await fastify.ready()
    return router.inject(realm, { authid, role }, chosen)
  })
  const procedures = new RouteProcedures(fastify, router)
  // At the port of the router's app, they are available until all other sessions have ended.
  if (host.connections !== null) fastify.addHook('onClose', async () => { await procedures.leave() })
  const { depth, bufferedBytes, pendingCalls, pendingInvocations } = options.limits
  // A single caller may use half of a callee's capacity.
  const shares = new CallerShares(Math.min(pendingCalls, pendingInvocations / 2))
  fastify.decorate('wampRoute', function (this: FastifyInstance, given: ProcedureRouteOptions) {
    procedureRoute(this, given, { depth, bufferedBytes, shares, origins: options.endpoint, checkContract, unidentified, router, connections: host.connections })
  })
  decorateIdentity(fastify, { router, entrance, callerOf: (request) => procedures.callerOf(request), endpoint: options.endpoint, unidentified, connections: host.connections })
}

/** Creates the state of an endpoint of an app. Its routes are registered afterwards. */
export async function prepareEndpoint (fastify: FastifyInstance, { router, trackers }: Core, resolved: ResolvedEndpoint): ReturnType<typeof buildEndpoint> {
  const endpoint = await buildEndpoint(resolved, fastify.prefix, trackers, (call) => router.call(call))
  if (endpoint.tracker !== null) router.logins.add(endpoint.tracker)
  if (resolved.cookie !== null && resolved.auth.cookie === undefined) {
    fastify.log.warn({ option: 'auth.cookie' }, `browsers are tracked by a cookie, but logins by cookie are not enabled at ${resolved.path}: add auth.cookie: {} to enable them`)
  }
  warnUnlessSent(fastify, resolved.path, resolved.cookie)
  for (const { option, text } of futileTimes(resolved)) fastify.log.warn({ option }, text)
  fastify.addHook('onReady', async () => { endpoint.authenticators.close() })
  return endpoint
}

/** Adds a WebSocket route to an app. */
export async function mountEndpoint (fastify: FastifyInstance, host: Core, resolved: ResolvedEndpoint): ReturnType<typeof buildEndpoint> {
  const { options, gateway, connections } = host
  const endpoint = await prepareEndpoint(fastify, host, resolved)
  await fastify.register(websocketRoute, { ...endpoint, endpoint: resolved, gateway, connections, messageSize: options.limits.messageSize })
  return endpoint
}
