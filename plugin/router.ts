import { setTimeout } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Authenticator, Principal } from './auth/authenticator.ts'
import type { CallProcedure } from './auth/dynamic-authenticator.ts'
import { isTime } from './auth/expiry.ts'
import { FailedLogins } from './auth/failed-logins.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { StandardCodec } from './codec/codec.ts'
import type { LoginFilter, LoginRange } from './cookie/login-filter.ts'
import { Logins } from './cookie/logins.ts'
import type { Visitor } from './cookie/visitor.ts'
import { Deadlines } from './deadlines.ts'
import { checkFilter, refuseUnknown } from './did-you-mean.ts'
import { errors, WampError } from './errors.ts'
import { HeldValues } from './held-values.ts'
import { InProcessPeer } from './in-process/in-process-peer.ts'
import { InProcessSession } from './in-process/in-process-session.ts'
import type { Pack, SessionParts } from './in-process/in-process-session.ts'
import { InjectedClient } from './in-process/injected-client.ts'
import type { JoinOptions } from './in-process/join-options.ts'
import type { PropagationSlot } from './in-process/propagation.ts'
import { LogLimit } from './log-limit.ts'
import { defaults } from './option-defaults.ts'
import type { ResolvedOptions } from './resolved-options.ts'
import { inProcessFeatures } from './protocol/features.ts'
import { idsFromOne } from './protocol/id.ts'
import { randomId } from './protocol/random-id.ts'
import type { Id } from './protocol/id.ts'
import { Payload } from './protocol/payload.ts'
import { reasons } from './protocol/reasons.ts'
import { isUri } from './protocol/uri.ts'
import type { Uri } from './protocol/uri.ts'
import type { LoginInfo, LoginsOfRealm } from './meta/login-procedures.ts'
import { Realm } from './realm/realm.ts'
import { Connection } from './session/connection.ts'
import { Kicks } from './session/kicks.ts'
import { matchesFilter } from './session/session-filter.ts'
import type { SessionFilter, SessionInfo } from './session/session-filter.ts'
import type { SessionHost } from './session/session-host.ts'
import type { SessionLog } from './session/session-log.ts'
import { Traffic } from './session/traffic.ts'
import { InProcessTransport } from './transport/in-process-transport.ts'
import type { Transport } from './transport/transport.ts'

/** The number of waves in which sessions end when the app closes over a period of time. */
const WAVES = 20

/** Realms by name. Connects transports, sessions and realms. */
export class Router implements SessionHost {
  readonly dialect: ResolvedOptions['dialect']
  readonly handshakeTimeout: number
  readonly shutdownTimeout: number
  readonly shutdownMode: 'close' | 'goodbye'
  readonly #shutdownSpread: number
  readonly parkedBytes: number
  readonly #limits: ResolvedOptions['limits']
  readonly held: HeldValues
  readonly failedLogins: FailedLogins
  readonly kicks = new Kicks()
  readonly traffic = new Traffic()
  readonly expiries = new Deadlines('dates')
  readonly deadlines = new Deadlines('durations')
  /** The logins of all cookies, in all realms. */
  readonly logins = new Logins()
  /** Sends a context along with the messages of the app's own sessions. */
  readonly propagation: PropagationSlot = { current: null }
  /** Limits the lines that clients can cause. */
  readonly logLimit: LogLimit
  readonly #log: SessionLog
  readonly #realms = new Map<Uri, Realm>()
  readonly #ids = new Set<Id>()
  readonly #remote = new Set<Connection>()
  readonly #inProcess = new Set<Connection>()
  #state: SessionHost['state'] = 'open'
  #whenRemoteGone: (() => void) | undefined
  #shutdown: Promise<void> | undefined
  /** Ends the app's own sessions if requests that use them take too long. */
  #patience: NodeJS.Timeout | undefined

  constructor ({ realms, limits, dialect, handshakeTimeout, authorizerTimeout, shutdown, shutdownTimeout, shutdownSpread, failedLogins }: ResolvedOptions, log: FastifyBaseLogger, cluster: Cluster | null = null) {
    this.dialect = dialect
    this.handshakeTimeout = handshakeTimeout
    this.shutdownTimeout = shutdownTimeout
    this.shutdownMode = shutdown
    this.#shutdownSpread = shutdownSpread
    this.parkedBytes = limits.parkedBytes
    this.#limits = limits
    this.failedLogins = new FailedLogins(failedLogins)
    this.logLimit = new LogLimit(log)
    this.#log = this.logLimit.of(log)
    this.held = new HeldValues(limits.heldBytes, this.#log)
    // Small and increasing, because clients echo these ids and some of them cannot encode large ones.
    const scopeIds = idsFromOne()
    for (const [name, options] of Object.entries(realms)) {
      const logins: LoginsOfRealm = { find: (query, range) => this.#findLogins({ ...query, realm: name }, range), revoke: (query) => this.logins.revoke({ ...query, realm: name }) }
      this.#realms.set(name, new Realm({
        ...{ name, router: this, kicks: this.kicks, options, limits, held: this.held, authorizerTimeout, logins, federation: cluster?.realm(name) ?? null },
        nextId: scopeIds,
        log: this.#log.child({ realm: name })
      }))
    }
  }

  get state (): SessionHost['state'] { return this.#state }

  realm (name: Uri): Realm | undefined { return this.#realms.get(name) }

  /** True if no realm currently accepts another session. */
  get isFull (): boolean { return [...this.#realms.values()].every(({ isFull }) => isFull) }

  /** The realms that have a role. */
  realmsWith (role: string): Uri[] {
    return [...this.#realms].filter(([, realm]) => realm.hasRole(role)).map(([name]) => name)
  }

  claimId (): Id {
    let id = randomId()
    while (this.#ids.has(id)) id = randomId()
    this.#ids.add(id)
    return id
  }

  releaseId (id: Id): void { this.#ids.delete(id) }

  /** Accepts the transport of a remote peer. Call `connection.closed` when it ends. */
  connect ({ transport, request, authenticators, cookieLogin, visitor, log }: {
    transport: Transport
    /** The upgrade request, or null if it is not needed. */
    request: FastifyRequest | null
    authenticators: ReadonlyMap<string, Authenticator>
    /** True if the cookie's record may answer HELLO. */
    cookieLogin: boolean
    visitor: Visitor | null
    log: FastifyBaseLogger
  }): Connection {
    const connection = new Connection({ transport, host: this, request, authenticators, cookieLogin, visitor, log: this.logLimit.of(log) })
    this.#remote.add(connection)
    // The upgrade was accepted before the app began to close.
    if (this.#state !== 'open') connection.shutDown()
    return connection
  }

  /** Removes a remote peer's connection after its transport has ended. */
  disconnected (connection: Connection): void {
    this.#remote.delete(connection)
    if (this.#remote.size === 0) this.#whenRemoteGone?.()
  }

  /**
   * Opens a session of the app itself. Throws WAMP_ERR_NO_SUCH_REALM, WAMP_ERR_NO_SUCH_ROLE, WAMP_ERR_INVALID_OPTION for an unknown option
   * or an `expires` that is not a Date, and WAMP_ERR_SESSION_CLOSED after the app has closed.
   */
  join (name: Uri, options: JoinOptions = {}): InProcessSession {
    refuseUnknown(options, Object.keys(defaults.join))
    return new InProcessSession(this.#admit(name, options))
  }

  /** Opens a session for routes that are procedures. Each call is a request and costs that many units of work. Throws the same errors as `join`. */
  joinForRoutes (name: Uri, unitsOfInvocation: number): InProcessSession { return new InProcessSession(this.#admit(name, { authid: 'rest' }, { unitsOfInvocation })) }

  /** Opens a session for a test, whose values are encoded and decoded by a codec. Throws the same errors as `join`. */
  inject (name: Uri, options: JoinOptions, codec: StandardCodec): InjectedClient {
    const pack: Pack = (args, kwargs) => Payload.ofBytes(codec, codec.encodePayload(args, Object.keys(kwargs).length === 0 ? undefined : kwargs))
    return new InjectedClient({ ...this.#admit(name, options, { codec }), pack })
  }

  #admit (name: Uri, { authid = defaults.join.authid, role = defaults.join.role, expires }: JoinOptions, link: { codec?: StandardCodec, unitsOfInvocation?: number } = {}): SessionParts {
    if (this.#state === 'closed') throw new errors.WAMP_ERR_SESSION_CLOSED(reasons.systemShutdown)
    const realm = this.#realmNamed(name)
    if (!realm.hasRole(role)) throw new errors.WAMP_ERR_NO_SUCH_ROLE(role, `realm "${name}"`)
    if (expires !== undefined && !isTime(expires)) throw new errors.WAMP_ERR_INVALID_OPTION('expires', 'must be a Date')

    const principal: Principal = Object.freeze({ realm: name, authid, authrole: role, authmethod: 'in-process', authprovider: 'in-process', ...(expires === undefined ? {} : { expires }) })
    const peer: InProcessPeer = new InProcessPeer({
      log: { error: (details, text) => { connection.log.error(details, text) }, warn: (details, text) => { connection.log.warn(details, text) } },
      bufferedBytes: this.#limits.bufferedBytes,
      bufferedEventBytes: this.#limits.bufferedEventBytes,
      held: this.held,
      read: (payload) => transport.read(payload),
      send: (message) => { connection.receive(message) },
      ended: () => { transport.close('normal') }
    })
    const transport = new InProcessTransport({
      receive: (message, values, held) => { peer.receive(message, values, held) },
      decodes: (result) => peer.decodes(result),
      wants: (subscription) => peer.events.has(subscription),
      held: this.held,
      bufferedEventBytes: this.#limits.bufferedEventBytes,
      closed: () => {
        connection.closed()
        this.#inProcess.delete(connection)
        peer.closed(reasons.closeRealm)
      },
      ...link
    })
    const connection = new Connection({ transport, host: this, request: null, authenticators: new Map(), cookieLogin: false, visitor: null, log: this.#log })
    this.#inProcess.add(connection)
    return { id: connection.admit(principal, inProcessFeatures).id, principal, peer, propagation: this.propagation }
  }

  /** Calls a procedure with a role. Rejects with the WampError of the answer, and with `wamp.error.no_such_realm`, `no_such_role` and `not_authorized`. */
  async call ({ realm: name, role, procedure, args, client, signal }: Parameters<CallProcedure>[0]): ReturnType<CallProcedure> {
    const realm = this.#realms.get(name)
    if (realm === undefined) throw new WampError(reasons.noSuchRealm, { args: [`there is no realm "${name}"`] })
    return await realm.call(procedure, args, { role, client, options: { timeout: this.handshakeTimeout }, signal })
  }

  /** The current counts of each realm, for metrics. */
  census (): ReadonlyMap<Uri, ReturnType<Realm['census']>> {
    return new Map([...this.#realms].map(([name, realm]) => [name, realm.census()]))
  }

  /** The sessions of a realm, including those of the app. Throws WAMP_ERR_NO_SUCH_REALM. */
  sessions (name: Uri): SessionInfo[] {
    return [...this.#realmNamed(name).sessions.values()].map(({ id, principal }) => ({ session: id, ...principal }))
  }

  /**
   * Ends the sessions of a realm that match the filter, with GOODBYE, and returns their number. A login in progress that matches, and
   * whose credentials have been read already, ends as soon as it is complete. Throws WAMP_ERR_NO_SUCH_REALM, and WAMP_ERR_INVALID_OPTION for an invalid filter or a reason that is not a URI.
   */
  kick (name: Uri, filter: SessionFilter, reason: Uri = reasons.killed): number {
    const realm = this.#realmNamed(name)
    checkFilter(filter, { session: 'number', authid: 'string', authrole: 'string' })
    if (!isUri(reason)) throw new errors.WAMP_ERR_INVALID_OPTION('reason', 'must be a URI')
    realm.killOthers(filter, { reason, message: undefined, manner: 'told' })
    let count = [...realm.sessions.values()].filter(({ id, node, principal }) => node !== undefined && matchesFilter(filter, { session: id, ...principal })).length
    for (const connection of [...this.#remote, ...this.#inProcess]) {
      const session = connection.session
      if (session?.principal.realm !== name || !matchesFilter(filter, { session: session.id, ...session.principal })) continue
      connection.end(reason)
      count++
    }
    return count
  }

  /** Deletes cached authorizer decisions of a realm. `about` limits this to one role, one authid, or both. Throws WAMP_ERR_NO_SUCH_REALM. */
  forgetDecisions (name: Uri, about: { authrole?: string, authid?: string } = {}): void {
    checkFilter(about, { authrole: 'string', authid: 'string' })
    this.#realmNamed(name).forgetDecisions(about)
  }

  /**
   * Ends the sessions of all remote peers, spread over `shutdownSpread`, and accepts no new ones. Resolves when they have ended. Peers
   * that have not received their buffered data after `shutdownTimeout` are disconnected. The app's own sessions may continue for the same
   * time again.
   */
  shutdown (): Promise<void> {
    this.#shutdown ??= this.#endRemote()
    return this.#shutdown
  }

  async #endRemote (): Promise<void> {
    this.#state = 'shutting_down'
    const gone = new Promise<void>((resolve) => { this.#whenRemoteGone = resolve })
    const connections = [...this.#remote]
    const wave = this.#shutdownSpread === 0 ? connections.length : Math.ceil(connections.length / WAVES)
    for (let start = 0; start < connections.length; start += wave) {
      if (start > 0) await setTimeout(this.#shutdownSpread / WAVES)
      for (const connection of connections.slice(start, start + wave)) connection.shutDown()
    }
    if (this.#remote.size > 0) await gone
    // Unless the requests that may use them end earlier.
    if (this.#state === 'shutting_down') this.#patience = globalThis.setTimeout(() => { this.#endOwn() }, this.shutdownTimeout)
  }

  /** Ends the sessions of the app itself, and accepts no new ones. Resolves when they are closed. */
  async leaveAll (): Promise<void> {
    clearTimeout(this.#patience)
    // The app's own sessions may be subscribed to the testaments of remote peers.
    await Promise.all([...this.#realms.values()].map((realm) => realm.departed()))
    this.#endOwn()
    // They answer GOODBYE by themselves, and receive it in turns.
    do await new Promise((resolve) => { setImmediate(resolve) })
    while (this.#inProcess.size > 0)
    this.expiries.close()
    this.deadlines.close()
    this.logLimit.close()
  }

  #endOwn (): void {
    this.#state = 'closed'
    for (const connection of [...this.#inProcess]) connection.end(reasons.systemShutdown)
  }

  async #findLogins (filter: LoginFilter, range: LoginRange): Promise<LoginInfo[]> {
    const found = await this.logins.page(filter, range)
    return found.map(({ place, login: { cookie, record: { authid, authrole, authmethod, created, userAgent, address }, lastSeen, connected } }) =>
      ({ place, cookie, authid, authrole, authmethod, created, lastSeen, userAgent, address, connected }))
  }

  #realmNamed (name: Uri): Realm {
    const realm = this.#realms.get(name)
    if (realm === undefined) throw new errors.WAMP_ERR_NO_SUCH_REALM(name)
    return realm
  }
}
