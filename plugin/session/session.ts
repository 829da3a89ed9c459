import type { Principal } from '../auth/authenticator.ts'
import { isOver } from '../auth/expiry.ts'
import { reasonIn } from '../protocol/dialect.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { ClientMessage, Goodbye, RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { trusted } from '../protocol/trusted.ts'
import type { Uri } from '../protocol/uri.ts'
import { MalformedText, ProtocolViolation } from '../protocol/violation.ts'
import { layoutOf } from '../protocol/wire-format.ts'
import type { ParkedRequest } from '../realm/parked-request.ts'
import type { Realm } from '../realm/realm.ts'
import type { RoutedMessage } from '../realm/requests.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { CloseKind, Congestion, Delivery, TransportDetails } from '../transport/transport.ts'
import { begin, spend } from '../work.ts'
import { welcomeDetails } from './grant.ts'
import type { Admission } from './grant.ts'
import { Handshake } from './handshake.ts'
import { Inbox } from './inbox.ts'
import { logOut } from './logout.ts'
import { UNITS_OF_FAREWELL, unitsOf } from './message-units.ts'
import { RequestIds } from './request-ids.ts'
import type { ConnectionContext } from './session-host.ts'
import type { SessionLog } from './session-log.ts'
import { accepts, expired, nobody, noFeatures, sequenced, unwelcome } from './session-state.ts'
import type { SessionState } from './session-state.ts'
import { sendCounted } from './traffic.ts'

/** A session of a client, from before HELLO to its end. The broker and the dealer know it as a session. */
export class Session implements RoutedSession {
  id: Id = 0
  principal = nobody
  features = noFeatures
  place = 0
  readonly #context: ConnectionContext
  readonly #renew: () => void
  /** Counts sent messages. It is looked up once, because one event may have thousands of subscribers. */
  readonly #sent: Float64Array
  #state: SessionState = 'establishing'
  #realm: Realm | undefined
  readonly #requests = new RequestIds()
  #handshake: Handshake | undefined
  #onLogout: (() => unknown) | undefined
  #log: SessionLog | undefined
  /** Created when an authorizer has to decide. Most sessions never need it. */
  #inbox: Inbox | undefined
  #timer: NodeJS.Timeout | undefined
  #liftExpiry: (() => void) | undefined

  /** `renew` is called when this session has ended and another one may follow on the same transport. */
  constructor (context: ConnectionContext, renew: () => void) {
    this.#context = context
    this.#renew = renew
    this.#sent = context.host.traffic.sent
    this.#timer = setTimeout(() => { this.#abort(reasons.authenticationFailed, 'no HELLO in time', 'normal') }, context.host.handshakeTimeout)
  }

  get transport (): TransportDetails { return this.#context.transport.details }
  get state (): SessionState { return this.#state }
  get isTrusted (): boolean { return this.principal.authrole === trusted }
  get isLosing (): boolean { return this.#context.transport.isLosing }
  get #isLeaving (): boolean { return this.#state === 'shutting_down' || this.#state === 'logging_out' }

  /** A log whose lines identify the session. Created when it is first used, which most sessions never do. */
  get log (): SessionLog {
    if (this.principal === nobody) return this.#handshake?.log ?? this.#context.log
    this.#log ??= this.#context.log.child({ session: this.id, realm: this.principal.realm, authid: this.principal.authid })
    return this.#log
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'established') return 'closed'
    const delivery = this.#context.transport.send(message)
    if (delivery === 'sent') this.#sent[message.type]!++
    return delivery
  }

  takes (payload: Payload): boolean { return this.#context.transport.takes(payload) }
  caughtUp (patience: number): Promise<void> | null { return this.#context.transport.caughtUp(patience) }

  /** Takes a message of the client, of so many bytes. Never throws. */
  receive (message: ClientMessage, size: number): void {
    this.#context.host.traffic.receive(message.type)
    if (this.#inbox?.hold(message, size) !== true) this.#handle(message)
  }

  #handle (message: ClientMessage, arrived?: number): void {
    spend(unitsOf(message.type))
    try {
      this.#take(message, arrived)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Handles an error that a message caused: a violation by the client, or a fault of the router. */
  #failed (error: unknown): void {
    if (error instanceof ProtocolViolation) return this.fail(error)
    this.log.error({ err: error }, 'a message could not be handled')
    this.#abort(reasons.runtimeError, 'the router failed', 'failure')
  }

  /** Handles a protocol violation by the client. */
  fail (violation: ProtocolViolation): void {
    this.log.debug({ violation: violation.message, ...(violation.cause === undefined ? {} : { err: violation.cause }) }, 'protocol violation')
    this.#abort(reasons.protocolViolation, violation.message, violation instanceof MalformedText ? 'malformed' : 'violation')
  }

  /** Called when the client was too slow for a time. It is logged once. */
  congested (congestion: Congestion): void {
    this.log.warn({ ...congestion }, 'a client did not read: events to it were dropped')
    this.#realm?.congested(this, congestion)
  }

  /** Called when the transport has closed. */
  closed (): void { this.#over() }

  /** Ends the session for a reason of the router. `message` is for people. Its subscriptions, registrations and calls end at once. */
  end (reason: Uri, message?: string): void {
    if (this.#state === 'establishing' || this.#state === 'authenticating') return this.#abort(reason, message ?? 'the router ends this session', 'normal')
    if (this.#state !== 'established') return
    this.#leave()
    // One message may end thousands of sessions, and each one is written to.
    begin({ work: () => this.#sayGoodbye({ type: MessageType.Goodbye, details: message === undefined ? noDetails : { message }, reason }) })
  }

  #sayGoodbye (goodbye: Goodbye): false {
    if (this.#state !== 'shutting_down') return false
    spend(UNITS_OF_FAREWELL)
    if (sendCounted(this.#context, goodbye) !== 'sent') this.#hangUp('normal')
    // A closing app accepts no requests, so a client over long-poll cannot answer.
    else if (this.transport.type === 'longpoll' && this.#context.host.state !== 'open') this.#goAway()
    else this.#timer = setTimeout(() => { this.#hangUp('normal') }, this.#context.host.shutdownTimeout)
    return false
  }

  /** Ends the session because the app closes. A logout in progress has `shutdownTimeout` to complete. */
  shutDown (): void {
    const { host } = this.#context
    if (this.#state === 'logging_out') {
      this.#timer = setTimeout(() => { this.#goAway() }, host.shutdownTimeout)
    } else if (host.shutdownMode === 'goodbye') this.end(reasons.systemShutdown)
    else if (this.#state !== 'shutting_down') this.#goAway()
  }

  /** Opens the session without HELLO. */
  admit (principal: Principal, features: Features): void {
    const realm = this.#context.host.realm(principal.realm)
    if (realm === undefined) throw new TypeError('admit() needs a realm that exists')
    this.id = this.#context.host.claimId()
    this.#establish({ realm, principal, features, viaCookie: false, onLogout: undefined, proof: undefined, farewell: null })
  }

  #take (message: ClientMessage, arrived: number | undefined): void {
    if (!accepts[this.#state].has(message.type)) {
      // After GOODBYE, messages that the client sent before are ignored.
      if (this.#isLeaving || this.#state === 'closed') return
      throw new ProtocolViolation(`${layoutOf(message.type).name} while ${this.#state.replace('_', ' ')}`)
    }
    switch (message.type) {
      case MessageType.Hello: return this.#hello(message)
      case MessageType.Authenticate:
        if (this.#handshake?.authenticate(message) !== true) throw new ProtocolViolation('AUTHENTICATE without a CHALLENGE')
        return
      case MessageType.Goodbye: return this.#goodbye(message)
      case MessageType.Abort: return this.#aborted()
      default: return this.#route(message, arrived)
    }
  }

  #route (message: RoutedMessage, arrived: number | undefined): void {
    const realm = this.#realm!
    if (realm.strictRequestIds && sequenced.has(message.type) && !this.#requests.take(message.request)) {
      if (message.type !== MessageType.Call || !realm.isContinuation(this, message)) throw new ProtocolViolation(`request id ${message.request} is out of sequence: ${this.#requests.next} is next`)
    }
    if (message.type === MessageType.Cancel && this.#inbox?.end(message.request, reasons.canceled) === true) return
    const parked = realm.receive(this, message, arrived)
    if (parked !== undefined) this.#park(message, parked)
  }

  #park (message: RoutedMessage, parked: ParkedRequest): void {
    const { transport, host } = this.#context
    this.#inbox ??= new Inbox({
      ...{ session: this, realm: this.#realm!, requests: this.#requests, host, flow: transport },
      take: (waiting, arrived) => { this.#handle(waiting, arrived) },
      failed: (error) => { this.#failed(error) }
    })
    this.#inbox.park(message, parked)
  }

  #hello (hello: Extract<ClientMessage, { type: 1 }>): void {
    const { host } = this.#context
    clearTimeout(this.#timer)
    this.#state = 'authenticating'
    this.id = host.claimId()
    this.#handshake = new Handshake({
      hello,
      id: this.id,
      context: this.#context,
      welcome: (admission) => { this.#establish(admission) },
      abort: (reason, text, kind) => { this.#abort(reason, text, kind) },
      shutDown: () => { this.shutDown() }
    })
    this.#handshake.start()
  }

  #establish ({ realm, principal, features, viaCookie, onLogout, proof, farewell }: Admission): void {
    const { host, visitor, log } = this.#context
    clearTimeout(this.#timer)
    this.#handshake = undefined
    this.#realm = realm
    this.principal = principal
    this.features = features
    this.#onLogout = onLogout
    this.#state = 'established'
    const fault = unwelcome[sendCounted(this.#context, { type: MessageType.Welcome, session: this.id, details: welcomeDetails(principal, proof) })]
    if (fault !== undefined) return this.#abort(...fault, 'normal')
    realm.join(this)
    if (principal.expires !== undefined) this.#liftExpiry = host.expiries.add(principal.expires.getTime(), () => { this.end(expired.reason, expired.message) })
    visitor?.setSession({ viaCookie, end: (reason) => { this.end(reason) } })
    log.debug({ session: this.id, realm: realm.name, authid: principal.authid, authmethod: principal.authmethod, authprovider: principal.authprovider }, 'session joined')
    const last = isOver(principal.expires) ? expired : farewell
    if (last !== null) this.end(last.reason, last.message)
  }

  #goodbye ({ reason }: Goodbye): void {
    if (this.#state !== 'established') return this.#hangUp('normal')
    this.#leave()
    if (reason !== reasons.logout || (this.#context.visitor === null && this.#onLogout === undefined)) return this.#answerGoodbye()
    // The answer means that the login has been deleted, so it waits for the store and for the app.
    this.#state = 'logging_out'
    logOut(this.#context, this.#onLogout, this.log)
      .then((details) => { if (this.#state === 'logging_out') this.#answerGoodbye(details) })
      .catch((error: unknown) => { this.#failed(error) })
  }

  /** Handles ABORT of the client, which gets no answer. The client may start again, unless the transport is closing. */
  #aborted (): void {
    if (this.#isLeaving) return this.#hangUp('normal')
    this.#over()
    this.#renew()
  }

  #answerGoodbye (details = noDetails): void {
    this.#over()
    sendCounted(this.#context, { type: MessageType.Goodbye, details, reason: reasonIn(this.#context.host.dialect, reasons.goodbyeAndOut) })
    if (this.#context.host.state === 'open') this.#renew()
    else this.#goAway()
  }

  /** Closes the transport without GOODBYE or ABORT, after which common clients would not reconnect. */
  #goAway (): void {
    this.#hangUp('shutdown', this.#context.host.shutdownTimeout)
  }

  #hangUp (kind: CloseKind, patience?: number): void {
    this.#over()
    this.#context.transport.close(kind, patience)
  }

  #abort (reason: Uri, text: string, kind: CloseKind): void {
    if (this.#state === 'closed') return
    this.log.debug({ reason }, 'session aborted')
    const [{ transport, host }, silent] = [this.#context, this.#isLeaving]
    this.#over()
    // Nothing is sent after GOODBYE.
    if (!silent) sendCounted(this.#context, { type: MessageType.Abort, details: { message: text }, reason: reasonIn(host.dialect, reason), payload: Payload.empty })
    transport.close(kind)
  }

  /** Leaves the realm. Nothing is routed to or from this session any more. */
  #leave (): void {
    const realm = this.#realm
    if (realm === undefined) return
    this.#realm = undefined
    this.#inbox?.close()
    this.#liftExpiry?.()
    // The ends of its own requests must not be sent to it.
    this.#state = 'shutting_down'
    realm.leave(this)
    this.#context.log.debug({ session: this.id, realm: realm.name, authid: this.principal.authid }, 'session left')
    this.#context.visitor?.setSession(null)
  }

  /** Ends the session, for any reason. */
  #over (): void {
    if (this.#state === 'closed') return
    this.#leave()
    this.#state = 'closed'
    clearTimeout(this.#timer)
    this.#handshake?.cancel()
    this.#handshake = undefined
    if (this.id !== 0) this.#context.host.releaseId(this.id)
  }
}
