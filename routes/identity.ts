import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Grant, Principal } from '../plugin/auth/authenticator.ts'
import { isOver } from '../plugin/auth/expiry.ts'
import { partsOf } from '../plugin/auth/grant-parts.ts'
import type { CookieEntrance, Identity } from '../plugin/cookie/cookie-entrance.ts'
import type { Arrival } from '../plugin/cookie/login-filter.ts'
import { refuseUnknown } from '../plugin/did-you-mean.ts'
import { errors } from '../plugin/errors.ts'
import type { Uri } from '../plugin/protocol/uri.ts'
import type { ResolvedEndpoint } from '../plugin/resolved-options.ts'
import type { Router } from '../plugin/router.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import type { TransportDetails } from '../plugin/transport/transport.ts'
import { whenResponseEnds } from './client-gone.ts'
import { FOREIGN_PAGE, isAllowedOrigin } from './origin.ts'
import type { PortConnections } from './port-connections.ts'
import type { Unidentified } from './unidentified.ts'

/** A hook that lets a request continue, or answers it. */
export type IdentityHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/** A role of one realm. A role of the same name in another realm does not match. */
export interface RoleOfRealm {
  /** The name of the realm. */
  readonly realm: Uri
  /** The name of the role. */
  readonly role: string
}

/** The maximum number of characters of a User-Agent that are stored with a login. */
const USER_AGENT = 256

const kReply = Symbol('fastify-wamp.reply')
const kGuards = Symbol('fastify-wamp.guards')

declare module 'fastify' {
  interface FastifyRequest {
    [kReply]: FastifyReply | null
    /** The roles that the hooks of `wampRequireRole` have required: one of each list. */
    [kGuards]: readonly (readonly RoleOfRealm[])[] | null
  }
}

/** The sessions of requests that have used `request.wamp`. */
const sessions = new WeakMap<FastifyRequest, InProcessSession>()

/** The logins of principals that a cookie has identified; null once the login has ended. */
const logins = new WeakMap<Principal, Identity | null>()
/** Functions that stop following the logins of requests. */
const lifts = new WeakMap<FastifyRequest, () => void>()
/** The cookies that responses log browsers in with, as the browsers will send them. */
const signedIn = new WeakMap<FastifyRequest, string>()

/** The dependencies of identities on REST routes. */
interface Parts {
  readonly router: Router
  readonly entrance: CookieEntrance | null
  readonly endpoint: ResolvedEndpoint
  /** Returns the caller if the request was created for a call. */
  readonly callerOf: (request: FastifyRequest) => Principal | undefined
  readonly unidentified: Unidentified
  /** The pending requests at a further port, or null. */
  readonly connections: PortConnections | null
}

/** Lets REST routes identify the user of a cookie, and log browsers in and out. */
export function decorateIdentity (fastify: FastifyInstance, { router, entrance, endpoint, callerOf, unidentified, connections }: Parts): void {
  const identify = async (request: FastifyRequest): Promise<void> => {
    if (request === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('wampIdentify', 'is a hook: pass it without calling it')
    const caller = callerOf(request)
    if (caller !== undefined) {
      request.wampPrincipal = caller
      return
    }
    // A hook of the app has already identified the user, for example by a token.
    if (request.wampPrincipal !== null) return
    // A foreign page can make a browser send the cookie, and must not gain anything from it.
    const trusted = isAllowedOrigin(request, endpoint)
    const known = trusted ? await entrance?.identify(request.headers.cookie) ?? null : null
    if (known === null) return
    if (router.realm(known.principal.realm)?.grants(known.principal.authrole) !== true) {
      known.release()
      return
    }
    request.wampPrincipal = known.principal
    follow(request, known.principal, known)
  }
  const check = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const refusal = refusalOf(request, unidentified)
    if (refusal === null) done()
    else reply.code(refusal.statusCode).send(refusal)
  }
  fastify.decorateRequest('wampPrincipal', null)
  fastify.decorateRequest('wampLogin', null)
  fastify.decorate('wampIdentify', identify)
  fastify.decorate('wampRequireRole', (...roles: (string | RoleOfRealm)[]): IdentityHook => {
    const meant = roles.map((role) => roleOfRealm(router, role))
    return async (request, reply) => {
      // Before anything is awaited, so that a hook that does not wait for this one lets nobody in.
      request[kGuards] = [...request[kGuards] ?? [], meant]
      await identify(request)
      const refusal = refusalOf(request, unidentified)
      return refusal === null ? undefined : await reply.code(refusal.statusCode).send(refusal)
    }
  })
  fastify.decorateRequest(kGuards, null)
  // The login may have ended since the hooks ran, while the body was received.
  fastify.addHook('preHandler', (request, reply, done) => {
    // The requests of the WebSocket route have no decorators.
    const { wampPrincipal = null } = request
    if (wampPrincipal !== null && currentPrincipal(request) === null) {
      request.wampPrincipal = null
      request.wampLogin = null
    }
    check(request, reply, done)
  })
  // Hooks of the app that run after this one may also ask for a role, and not wait for the answer.
  fastify.addHook('onRoute', (route) => { route.preHandler = [route.preHandler ?? [], check].flat() })
  decorateSession(fastify, router, connections)
  decorateSigning(fastify, router, entrance, endpoint)
}

/** Adds `reply.wampSignIn` and `reply.wampSignOut`. */
function decorateSigning (fastify: FastifyInstance, router: Router, entrance: CookieEntrance | null, endpoint: ResolvedEndpoint): void {
  fastify.decorateReply('wampSignIn', async function (this: FastifyReply, realm: Uri, grant: Grant): Promise<Principal> {
    const principal = principalOf(router, realm, grant)
    const { cookie, identity } = await needed(entrance).signIn(withSignedIn(this.request), principal)
    // As after the time limit of the handler, or if the app did not wait for this.
    if (this.raw.headersSent) {
      identity.release()
      this.log.warn({ authid: principal.authid, realm }, 'a login was deleted, because its cookie came too late for the response: await reply.wampSignIn')
      await needed(entrance).signOut({ ...arrivalOf(this.request), cookieHeader: cookie })
      return principal
    }
    this.header('set-cookie', cookie)
    signedIn.set(this.request, cookie.split(';')[0]!)
    this.request.wampPrincipal = identity.principal
    endSession(this.request)
    follow(this.request, identity.principal, identity)
    return principal
  })
  fastify.decorateReply('wampSignOut', async function (this: FastifyReply): Promise<void> {
    // A foreign page can make a browser send the cookie, and remove it from the browser even if it is not sent.
    if (!isAllowedOrigin(this.request, endpoint)) throw Object.assign(new errors.WAMP_ERR_SIGN_OUT(`is not possible: ${FOREIGN_PAGE}`), { statusCode: 403 })
    const arrival = withSignedIn(this.request)
    // Endpoints may have cookies of their own.
    const removals = await Promise.all([needed(entrance).signOut(arrival), router.logins.signOut(arrival)])
    for (const cookie of new Set(removals.flat())) this.header('set-cookie', cookie)
    this.request.wampPrincipal = null
    this.request.wampLogin = null
    endSession(this.request)
  })
}

/** The request of a browser, with the cookie of a login that the same request has made. */
function withSignedIn (request: FastifyRequest): Arrival {
  const arrival = arrivalOf(request)
  const own = signedIn.get(request)
  return own === undefined ? arrival : { ...arrival, cookieHeader: arrival.cookieHeader === undefined ? own : `${own}; ${arrival.cookieHeader}` }
}

/** The response to a request whose user has none of the required roles; null if there is one, or if no role is required. */
function refusalOf (request: FastifyRequest, unidentified: Unidentified): { statusCode: 401 | 403, error: string, message: string } | null {
  const { [kGuards]: guards = null } = request
  if (guards === null) return null
  const principal = currentPrincipal(request)
  if (principal === null) return { statusCode: 401, error: 'Unauthorized', message: unidentified(request) }
  const isMet = guards.every((roles) => roles.length === 0 || roles.some(({ realm, role }) => realm === principal.realm && role === principal.authrole))
  return isMet ? null : { statusCode: 403, error: 'Forbidden', message: `the role "${principal.authrole}" may not ${request.method} ${request.routeOptions.url ?? ''}` }
}

/** The principal of a request, or null if it has none, or if its login has ended or expired. */
function currentPrincipal ({ wampPrincipal: principal }: FastifyRequest): Principal | null {
  if (principal === null) return null
  const login = logins.get(principal)
  return login === null || isOver(login?.expires ?? principal.expires) ? null : principal
}

/** Ends the session of a request if its login ends, and lets it open no other one. */
function follow (request: FastifyRequest, principal: Principal, login: Identity): void {
  request.wampLogin = login.login
  logins.set(principal, login)
  const lift = (): void => { login.release() }
  login.follow(() => {
    logins.set(principal, null)
    if (request.wampPrincipal === principal) endSession(request)
  })
  lifts.get(request)?.()
  lifts.set(request, lift)
  if (request[kReply] !== null) whenResponseEnds(request[kReply], lift)
}

/** Ends the session of a request whose principal has changed, or whose login has ended. */
function endSession (request: FastifyRequest): void {
  sessions.get(request)?.leave()
  sessions.delete(request)
}

/** Adds `request.wamp`. The session is closed when the response ends or the client disconnects. */
function decorateSession (fastify: FastifyInstance, router: Router, connections: PortConnections | null): void {
  fastify.decorateRequest(kReply, null)
  fastify.addHook('onRequest', (request, reply, done) => {
    request[kReply] = reply
    // An earlier hook of the app may have used `request.wamp`.
    const session = sessions.get(request)
    if (session !== undefined) whenResponseEnds(reply, () => { session.leave() })
    done()
  })
  fastify.addHook('onResponse', async (request) => {
    lifts.get(request)?.()
    await sessions.get(request)?.leave()
  })
  fastify.decorateRequest('wamp', {
    getter (this: FastifyRequest) {
      const known = sessions.get(this)
      if (known !== undefined) return known
      const principal = currentPrincipal(this)
      if (principal === null) throw new errors.WAMP_ERR_NO_PRINCIPAL()
      const expires = logins.get(principal)?.expires ?? principal.expires
      // No await between this check and the join, so that concurrent requests cannot exceed the limit.
      const limit = router.realm(principal.realm)?.limitReached(principal) ?? null
      if (limit !== null) throw new errors.WAMP_ERR_SESSION_LIMIT(limit)
      const session = router.join(principal.realm, { authid: principal.authid, role: principal.authrole, expires: expires ?? undefined })
      sessions.set(this, session)
      connections?.own(session)
      if (this[kReply] !== null) whenResponseEnds(this[kReply], () => { session.leave() })
      return session
    }
  })
}

/** True if the client connects over TLS, as the app sees it. Some proxies call it `wss` for an upgrade. An injected request has no address. */
function isEncrypted (request: FastifyRequest): boolean {
  return addressOf(request) !== undefined && ['https', 'wss'].includes(request.protocol)
}

/** The request of a browser in the form that the tracker needs. An injected connection has no socket from which Fastify could read protocol and address. */
export function arrivalOf (request: FastifyRequest): Arrival {
  const address = addressOf(request)
  const userAgent = request.headers['user-agent']?.slice(0, USER_AGENT)
  const device = { ...(userAgent === undefined ? {} : { userAgent }), ...(address === undefined ? {} : { address }) }
  return { cookieHeader: request.headers.cookie, secure: isEncrypted(request), device }
}

/** The address of a client, as the app sees it; undefined for an injected request. */
export function addressOf (request: FastifyRequest): string | undefined {
  return request.raw.socket === undefined ? undefined : request.ip
}

/** The connection that a request opens, for authenticators and logs. */
export function detailsOf (request: FastifyRequest, type: TransportDetails['type'], protocol: string): TransportDetails {
  const peer = addressOf(request)
  const details = { type, protocol, secure: isEncrypted(request) }
  return peer === undefined ? details : { ...details, peer }
}

/** A name without a realm refers to the only realm that has the role. */
function roleOfRealm (router: Router, role: string | RoleOfRealm): RoleOfRealm {
  const given = typeof role === 'string' ? { realm: undefined, role } : role
  if (typeof given?.role !== 'string') throw new errors.WAMP_ERR_INVALID_OPTION('wampRequireRole', 'must have the names of roles, or { realm, role }, and returns a hook: { onRequest: app.wampRequireRole("staff") }')
  const realms = router.realmsWith(given.role).filter((name) => given.realm === undefined || name === given.realm)
  if (realms.length === 0) throw new errors.WAMP_ERR_NO_SUCH_ROLE(given.role, given.realm === undefined ? 'any realm' : `realm "${given.realm}"`)
  if (realms.length > 1) throw new errors.WAMP_ERR_INVALID_OPTION('wampRequireRole', `must include the realm, as { realm, role }, because several realms have the role "${given.role}"`)
  return { realm: realms[0]!, role: given.role }
}

function needed (entrance: CookieEntrance | null): CookieEntrance {
  if (entrance === null) throw new errors.WAMP_ERR_SIGN_IN('requires the option cookie')
  return entrance
}

function principalOf (router: Router, name: Uri, grant: Grant): Principal {
  const realm = router.realm(name)
  if (realm === undefined) throw new errors.WAMP_ERR_NO_SUCH_REALM(name)
  refuseUnknown(grant, ['authid', 'role', 'authmethod', 'authprovider', 'extra', 'expires', 'onLogout'], 'grant')
  const { authid, role, expires } = grant
  const { authmethod = 'http', authprovider = 'function', extra } = partsOf(grant, (text) => new errors.WAMP_ERR_SIGN_IN(`does not support ${text}`))
  if (!realm.grants(role)) throw new errors.WAMP_ERR_NO_SUCH_ROLE(role, `realm "${name}"`)
  if (expires !== undefined && expires !== null) throw new errors.WAMP_ERR_SIGN_IN('does not support "expires": a cookie has the "maxAge" of the option cookie')
  if (grant.onLogout !== undefined) throw new errors.WAMP_ERR_SIGN_IN('does not support "onLogout": subscribe to the end of the login instead')
  if (typeof authid !== 'string' || authid === '') throw new errors.WAMP_ERR_SIGN_IN('requires an authid that is a non-empty string')
  if (authmethod === 'anonymous') throw new errors.WAMP_ERR_SIGN_IN('requires an authmethod other than "anonymous"')
  return { realm: name, authid, authrole: role, authmethod, authprovider, ...(extra === undefined ? {} : { authextra: extra }) }
}
