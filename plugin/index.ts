import type { Server } from 'node:net'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { bridgeRoutes } from '../routes/bridge.ts'
import { consoleEndpoint, consoleRoutes } from '../routes/console.ts'
import { warnUnlessSent } from '../routes/cookie-path.ts'
import { eventRoutes } from '../routes/events.ts'
import { closeConnections } from '../routes/connections.ts'
import { cookieSerializer, registerWebsocket } from '../routes/host.ts'
import type { IdentityHook, RoleOfRealm } from '../routes/identity.ts'
import { onlyFrom } from '../routes/only-from.ts'
import { metricsRoute } from '../routes/metrics.ts'
import type { ProcedureRouteOptions } from '../routes/procedure-route.ts'
import { SignatureKeys } from '../routes/signed-request.ts'
import { unidentifiedRequests } from '../routes/unidentified.ts'
import { websocketRoute } from '../routes/websocket.ts'
import type { Authenticators } from './auth/authenticators.ts'
import type { Grant, Principal } from './auth/authenticator.ts'
import { doubtfulPermissions } from './check-realms.ts'
import type { Logins } from './cookie/logins.ts'
import type { CustomTransport } from './custom-transport.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import { CookieTrackers } from './endpoint.ts'
import { errors } from './errors.ts'
import { Gateway } from './gateway.ts'
import { decorateApp, kHost, mountEndpoint } from './host-app.ts'
import type { Host } from './host-app.ts'
import type { BridgeOptions, ConsoleOptions, EndpointOptions, FastifyWampOptions, InjectOptions } from './options.ts'
import { defaults, fill } from './option-defaults.ts'
import { checkBridge, checkConsole, doubtfulTimes, resolveEndpoint, resolveOptions } from './resolve-options.ts'
import type { InProcessSession } from './in-process/in-process-session.ts'
import type { InjectedClient } from './in-process/injected-client.ts'
import type { Uri } from './protocol/uri.ts'
import { longPoll } from './longpoll.ts'
import { port, serveFiles } from './port.ts'
import { rawSocket } from './rawsocket.ts'
import { Router } from './router.ts'
import { Metrics, resolveMetrics } from './telemetry/metrics.ts'
import type { TracingOptions } from './telemetry/opentelemetry.ts'
import type { MetricsOptions } from './telemetry/prom-client.ts'
import { checkTracing, Tracing } from './telemetry/tracing.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The sessions and realms of the router. */
    wamp: Pick<Router, 'join' | 'sessions' | 'kick' | 'forgetDecisions'>
    /** The authenticators, by method. Add custom ones before the app is ready. */
    wampAuthenticators: Pick<Authenticators, 'get' | 'set' | 'has'>
    /** The servers of `wampRawSocket`, which listen as soon as the app is ready: `app.wampRawSockets[0].address()`. */
    readonly wampRawSockets: Server[]
    /**
     * Creates a transport of the app's own: `app.wampTransport().accept(connection)`, for example for messages of worker threads. Throws
     * WAMP_ERR_INVALID_OPTION.
     */
    wampTransport (options?: CustomTransportOptions): CustomTransport
    /** Finds and revokes the logins of browsers at all endpoints. Null if no endpoint has a cookie. */
    readonly wampCookies: Pick<Logins, 'find' | 'revoke'> | null
    /**
     * Creates a test client that needs no port, like `app.inject` for HTTP. It first waits until the app is ready. Rejects with
     * WAMP_ERR_NO_SUCH_REALM, WAMP_ERR_NO_SUCH_ROLE and WAMP_ERR_INVALID_OPTION.
     */
    injectWamp (options: InjectOptions): Promise<InjectedClient>
    /** A hook that sets `request.wampPrincipal`: `app.addHook('onRequest', app.wampIdentify)`. */
    wampIdentify (request: FastifyRequest): Promise<void>
    /**
     * Returns a hook that answers 401 if the user is not logged in, and 403 if the user has none of the roles. Without roles, any role is
     * accepted. Example: `app.get('/admin', { onRequest: app.wampRequireRole('staff') }, …)`. If several realms have the role, set the
     * realm: `{ realm: 'realm1', role: 'staff' }`. Throws WAMP_ERR_NO_SUCH_ROLE and WAMP_ERR_INVALID_OPTION. This function is not itself a
     * hook: with `onRequest: app.wampRequireRole`, every request is answered with 500 and WAMP_ERR_INVALID_OPTION.
     */
    wampRequireRole (...roles: (string | RoleOfRealm)[]): IdentityHook
    /**
     * Adds a route that calls a procedure as the user of the request, with one schema for both. Throws WAMP_ERR_INVALID_OPTION.
     * Conversely, `config: { wamp: { realm, procedure } }` turns any route into a procedure.
     */
    wampRoute (options: ProcedureRouteOptions): void
    [kHost]: Host
  }
  interface FastifyReply {
    /**
     * Logs the browser in for REST and WebSocket. The reply carries a fresh cookie, and the login of the request's cookie
     * is deleted. Await it before the reply is sent; otherwise the new login is deleted again. Rejects with WAMP_ERR_NO_SUCH_REALM,
     * WAMP_ERR_NO_SUCH_ROLE and WAMP_ERR_SIGN_IN.
     */
    wampSignIn (realm: Uri, grant: Grant): Promise<Principal>
    /**
     * Logs the browser out: deletes the logins of all cookies in the request, at all endpoints, ends their sessions, and removes the cookies
     * with the reply. Rejects with WAMP_ERR_SIGN_OUT if the store cannot look up the cookie or delete the login, or if the request comes from a page of
     * another origin (status 403). The cookie is then kept, so that the browser can try again.
     */
    wampSignOut (): Promise<void>
  }
  interface FastifyRequest {
    /**
     * A session of this request's principal, with the principal's permissions. It ends with the response, or with the login of
     * the request's cookie. Throws WAMP_ERR_NO_PRINCIPAL if the request has no principal or its login has ended, and
     * WAMP_ERR_SESSION_LIMIT if there are too many sessions.
     */
    readonly wamp: InProcessSession
    /** The principal that the cookie identifies, or null. Set by the hook `fastify.wampIdentify`. */
    wampPrincipal: Principal | null
    /** The key of the cookie's login, as listed by `wampCookies.find`, or null. */
    wampLogin: string | null
  }
}

/** The plugin: a WAMP router on a WebSocket route, and sessions of the app itself. */
const plugin: FastifyPluginAsync<FastifyWampOptions> = async (fastify, given) => {
  if (fastify.hasDecorator(kHost)) throw new errors.WAMP_ERR_HOST_PLUGIN('fastify-wamp', 'is already registered: configure all realms at once, and use wampEndpoint to add a WebSocket route')
  const options = resolveOptions(given)
  const { handshakeTimeout, pingInterval } = options
  for (const { option, text } of [...doubtfulPermissions(options.realms), ...doubtfulTimes({ handshakeTimeout, pingInterval })]) fastify.log.warn({ option }, text)

  await registerWebsocket(fastify)
  const serialize = await cookieSerializer(fastify)

  const router = new Router(options, fastify.log)
  const trackers = new CookieTrackers(fastify.log, serialize, router)
  const gateway = new Gateway(router, options)
  const core = { options, router, trackers, gateway, signatures: new SignatureKeys(), served: { files: [...options.static], cookies: [options.endpoint.cookie] }, ports: new Set<FastifyInstance>(), connections: null }
  // Runs after the preClose hook of @fastify/websocket, which stops upgrades: a client that reconnected at once would delay the close.
  // The shutdown is not awaited: Fastify limits hooks to `pluginTimeout`, and waits for all connections by itself.
  fastify.addHook('preClose', (done) => {
    router.shutdown()
    trackers.beginToClose(options.shutdownTimeout)
    for (const port of core.ports) port.close().catch((error: unknown) => { fastify.log.error(error, 'a port could not be closed') })
    done()
  })
  // Requests in flight have ended: they may use in-process sessions until here.
  fastify.addHook('onClose', async () => {
    await router.shutdown()
    await Promise.allSettled([...core.ports].map((port) => port.close()))
    gateway.close()
    await router.leaveAll()
    await trackers.close()
  })
  // Its own onClose comes before that one.
  closeConnections(fastify, options.shutdownTimeout)

  const endpoint = await mountEndpoint(fastify, core, options.endpoint)
  const { entrance, authenticators } = endpoint
  decorateApp(fastify, { ...core, entrance, authenticators, unidentified: unidentifiedRequests(entrance !== null) })
  await serveFiles(fastify, options)
}

const furtherEndpoint: FastifyPluginAsync<EndpointOptions> = async (fastify, given) => {
  const host = fastify[kHost]
  await mountEndpoint(fastify, host, resolveEndpoint(given, host.options, host.served))
}

const bridge: FastifyPluginAsync<BridgeOptions> = async (fastify, given) => {
  checkBridge(given)
  const { call, publish, events, as, signature, allowedNetworks } = fill(defaults.bridge, given)
  const { router, gateway, options, entrance, signatures, unidentified, connections } = fastify[kHost]
  const join = as === null
    ? null
    : () => {
        const session = router.join(as.realm, { authid: as.authid ?? defaults.bridgeUser.authid, role: as.role })
        return connections?.own(session) ?? session
      }
  // Report invalid options at once.
  await join?.().leave()
  // In a separate scope, because the bridge only accepts JSON.
  await fastify.register(async (scope) => {
    if (allowedNetworks !== null) scope.addHook('onRequest', onlyFrom(allowedNetworks))
    if (events !== null) await eventRoutes(scope, { path: events, join, origins: options.endpoint, entrance, gateway, router, bufferedBytes: options.limits.bufferedEventBytes, unidentified })
    await bridgeRoutes(scope, { call, publish, join, origins: options.endpoint, signatures: signature === null ? null : signatures.requestsOf(signature), depth: options.limits.depth, bufferedBytes: options.limits.bufferedBytes, router, unidentified })
  })
}

const consolePage: FastifyPluginAsync<ConsoleOptions> = async (fastify, given) => {
  const { options } = fastify[kHost]
  checkConsole(given, options)
  warnUnlessSent(fastify, `${given.path}/`, options.endpoint.cookie)
  await fastify.register(websocketRoute, consoleEndpoint(given.path, fastify[kHost]))
  // In a separate scope, for its hooks.
  await fastify.register(consoleRoutes, given)
}

const metrics: FastifyPluginAsync<MetricsOptions> = async (fastify, given) => {
  const options = resolveMetrics(given)
  const { path, registry } = options
  const counted = new Metrics(options, fastify[kHost].router)
  fastify.addHook('onClose', async () => { counted.close() })
  if (path !== null) await fastify.register(metricsRoute, { path, registry })
}

const tracing: FastifyPluginAsync<TracingOptions> = async (fastify, given) => {
  checkTracing(given)
  const traced = new Tracing(given.api, fastify[kHost].router)
  fastify.addHook('onClose', async () => { traced.close() })
}

/** Adds a WAMP router to a Fastify app: `fastify.register(wampPlugin, options)`. */
export const wampPlugin = fp(plugin, { fastify: '5.x', name: 'fastify-wamp' })
/** Adds another WebSocket route to the same router, with its own path, authentication and cookie. */
export const wampEndpoint = fp(furtherEndpoint, { fastify: '5.x', name: 'fastify-wamp-endpoint', dependencies: ['fastify-wamp'] })
/**
 * Serves the router of one app on the port of another app. The other app then has the same decorators, and can register `wampEndpoint`,
 * `wampBridge` and `wampConsole`. It closes when the app of the router closes, and may close earlier.
 */
export const wampPort = fp(port, { fastify: '5.x', name: 'fastify-wamp' })
/** Adds routes for calls and publications by HTTP POST, as in Crossbar.io's HTTP bridge, and for topics as Server-Sent Events. */
export const wampBridge = fp(bridge, { fastify: '5.x', name: 'fastify-wamp-bridge', dependencies: ['fastify-wamp'] })
/** Adds a page for operators that shows the activity of the user's realm and has the permissions of the user's role. */
export const wampConsole = fp(consolePage, { fastify: '5.x', name: 'fastify-wamp-console', dependencies: ['fastify-wamp'] })
/** Accepts RawSocket clients at a TCP port or Unix socket of its own, or at the port of the app, with or without TLS. */
export const wampRawSocket = fp(rawSocket, { fastify: '5.x', name: 'fastify-wamp-rawsocket', dependencies: ['fastify-wamp'] })
/** Adds routes by which clients without WebSocket connect over HTTP requests, with their own path, authentication and cookie. */
export const wampLongPoll = fp(longPoll, { fastify: '5.x', name: 'fastify-wamp-longpoll', dependencies: ['fastify-wamp'] })
/** Adds metrics for Prometheus, with the app's own prom-client. */
export const wampMetrics = fp(metrics, { fastify: '5.x', name: 'fastify-wamp-metrics', dependencies: ['fastify-wamp'] })
/** Adds spans for OpenTelemetry, with the app's own OpenTelemetry API. */
export const wampTracing = fp(tracing, { fastify: '5.x', name: 'fastify-wamp-tracing', dependencies: ['fastify-wamp'] })
export default wampPlugin

export { scramCredentials } from './auth/scram-credentials.ts'
export { fromCrossbarConfig } from './crossbar/node-configuration.ts'
export { wampContract } from './contract/contract.ts'
export { contractReference } from './contract/reference.ts'
export { typed } from './contract/typed-session.ts'
export { wampChannels } from './diagnostics.ts'
export { WampError } from './errors.ts'
export { CallResult } from './peer/call-result.ts'
export type { InjectedClient } from './in-process/injected-client.ts'
export { reasons } from './protocol/reasons.ts'
export type { IdentityHook, RoleOfRealm } from '../routes/identity.ts'
export type { ProcedureRouteOptions } from '../routes/procedure-route.ts'
export type { RouteProcedureOptions } from '../routes/route-procedure.ts'
export type { Attempt, Authenticator, Grant, Principal } from './auth/authenticator.ts'
export type { MethodType } from './auth/method-type.ts'
export type { ScramDerivation } from './auth/scram-credentials.ts'
export type { CookieRecord, CookieStore, LoginRecord, StoredRecord, UseRecord } from './cookie/cookie-store.ts'
export type { KeyvLike } from './cookie/keyv-storage.ts'
export type { LoginFilter, StoredLogin } from './cookie/login-filter.ts'
export type { CrossbarOptions, NodeConfiguration, PortConfiguration, ServedPort } from './crossbar/node-configuration.ts'
export type { Listen } from './crossbar/port.ts'
export type { Https } from './crossbar/tls.ts'
export type { Called, Received, Registration, Subscription } from './peer/session-types.ts'
export type { InProcessCallOptions, InProcessSession } from './in-process/in-process-session.ts'
export type { Api, ApiFrom, ApiOf, Contract, ProcedureContract, ProcedureTypes, TopicContract, TopicTypes } from './contract/contract.ts'
export type { JsonSchema, JsonSchemaTypes, SchemaTypes } from './contract/schema-types.ts'
export type { AutobahnSession, TypedMethods, WampyClient } from './contract/typed-methods.ts'
export type { TypedSession } from './contract/typed-session.ts'
export type * from './auth-options.ts'
export type * from './cookie-options.ts'
export type { WampBinarySerializer, WampSerializer, WampTextSerializer } from './codec/wamp-serializer.ts'
export type { Authorization, Authorizer, AuthorizingSession } from './authorization/authorizer.ts'
export type {
  CallDetails, CallEndedMessage, CallMessage, CallOutcome, DiagnosticsMessage, EventsDroppedMessage, InvocationEndedMessage, InvocationMessage, LoginFailedMessage,
  PublicationDetails, PublicationEndedMessage, PublicationMessage, SessionIdentity, SessionMessage, StoreMessage, StoreOperation, WampMessages
} from './diagnostics.ts'
export type * from './options.ts'
export type { CustomTransport } from './custom-transport.ts'
export type * from './custom-transport-options.ts'
export type * from './longpoll-options.ts'
export type * from './rawsocket-options.ts'
export type { Action } from './protocol/action.ts'
export type { Dialect } from './protocol/dialect.ts'
export type { Id } from './protocol/id.ts'
export type { CallOptions, Dict, InvocationPolicy, PublishOptions, RegisterOptions, SubscribeOptions } from './protocol/message.ts'
export type { Args, Kwargs } from './protocol/payload.ts'
export type { MatchPolicy, Uri, UriCheck } from './protocol/uri.ts'
export type { JoinOptions } from './in-process/join-options.ts'
export type { SessionFilter, SessionInfo } from './session/session-filter.ts'
export type { OpenTelemetryApi, TracingOptions } from './telemetry/opentelemetry.ts'
export type { MetricsOptions, PromClient, PromRegistry } from './telemetry/prom-client.ts'
export type { CustomConnection, CustomPeer } from './transport/custom-link.ts'
export type { TlsChannel, TransportDetails } from './transport/transport.ts'
