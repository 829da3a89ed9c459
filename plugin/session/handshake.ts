import type { Attempt, Authenticator, Grant, Principal } from '../auth/authenticator.ts'
import { letsAnybodyIn } from '../auth/anonymous-authenticator.ts'
import { isFunction } from '../auth/authenticators.ts'
import { Unanswered } from '../auth/dynamic-authenticator.ts'
import { isFailure } from '../auth/failed-logins.ts'
import type { Guesser } from '../auth/failed-logins.ts'
import { loginFailed } from '../diagnostics.ts'
import { WampError } from '../errors.ts'
import { readFeatures } from '../protocol/features.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Authenticate, Dict, Hello } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { Uri } from '../protocol/uri.ts'
import type { CloseKind } from '../transport/transport.ts'
import { principalOf, proofOf } from './grant.ts'
import type { Admission } from './grant.ts'
import type { KickWatch } from './kicks.ts'
import { Round } from './round.ts'
import type { Answer } from './round.ts'
import type { ConnectionContext } from './session-host.ts'
import type { SessionLog } from './session-log.ts'
import { sendCounted } from './traffic.ts'

/** The maximum number of characters of the names that a client gives for itself and its realm, as they are logged and counted. */
const LONGEST_NAME = 256

/** The delay in milliseconds before a temporary refusal. A random delay of up to twice as long is added. */
const LATER = 500

/** The messages from HELLO to WELCOME or ABORT [basic, Sessions; advanced, Authentication]. */
export class Handshake {
  readonly #hello: Hello
  readonly #id: Id
  readonly #context: ConnectionContext
  readonly #welcome: (admission: Admission) => void
  readonly #abort: (reason: Uri, text: string, kind: CloseKind) => void
  readonly #shutDown: () => void
  #controller: AbortController | undefined
  #log: SessionLog | undefined
  /** The authentication method, or null before it is known. */
  #method: string | null = null
  readonly #round: Round
  readonly #kicks: KickWatch
  #delay: NodeJS.Timeout | undefined
  /** Ends the check of a proof, or undefined if none is being checked. */
  #checked: (() => void) | undefined
  /** Ends the check if the client has left and the authenticator does not answer. */
  #release: NodeJS.Timeout | undefined
  /** `checking` if the client has sent a possible proof that has been neither accepted nor rejected. */
  #proof: 'none' | 'checking' = 'none'
  #state: 'running' | 'over' = 'running'

  constructor ({ hello, id, context, welcome, abort, shutDown }: {
    hello: Hello
    /** The id of the new session. */
    id: Id
    context: ConnectionContext
    welcome: (admission: Admission) => void
    abort: (reason: Uri, text: string, kind: CloseKind) => void
    /** Called instead if the app closes. */
    shutDown: () => void
  }) {
    this.#hello = hello
    this.#id = id
    this.#context = context
    this.#welcome = welcome
    this.#abort = abort
    this.#shutDown = shutDown
    this.#kicks = context.host.kicks.watch()
    this.#round = new Round(context.host.handshakeTimeout, () => { this.#fail(reasons.authenticationFailed, 'no answer in time') })
  }

  /** A log with the claimed identity, which is unproven. Created when it is first used. */
  get log (): SessionLog {
    const { authid, realm } = this.#names()
    this.#log ??= this.#context.log.child({ session: this.#id, realm, authid })
    return this.#log
  }

  /** Answers HELLO, at once or when the authenticator has answered. */
  start (): void {
    const { logins } = this.#context
    logins.begin()
    // Failures are counted before the next proof is checked.
    this.#run().catch((error: unknown) => { this.#failed(error) }).finally(() => {
      clearTimeout(this.#release)
      this.#checked?.()
      logins.end()
    })
  }

  /** Receives the answer to a CHALLENGE. Returns false if no CHALLENGE is open. */
  authenticate (message: Authenticate): boolean {
    return this.#round.answer(message)
  }

  /** Ends the handshake because the client has aborted or disconnected. Late answers are discarded. */
  cancel (): void {
    if (this.#state === 'over') return
    this.#keepPlace()
    this.#stop()
  }

  #stop (): void {
    this.#state = 'over'
    this.#kicks.end()
    this.#round.stop()
    clearTimeout(this.#delay)
    this.#controller?.abort()
  }

  /** A check counts as concurrent until it ends, as if the client waited for the result. Otherwise leaving would allow further guesses. */
  #keepPlace (): void {
    if (this.#proof === 'checking') this.#release = setTimeout(() => { this.#checked?.() }, this.#context.host.handshakeTimeout).unref()
    else this.#checked?.()
  }

  async #run (): Promise<void> {
    const { host, visitor, cookieLogin } = this.#context
    const { realm, details: { roles, authmethods = [] } } = this.#hello
    if (host.state !== 'open') return this.#shutDown()
    const features = readFeatures(roles)
    if (features === null) return this.#refuse(reasons.protocolViolation, 'HELLO.Details.roles announces no role', 'violation')
    if (realm !== null && !isUri(realm)) return this.#refuse(reasons.invalidUri, 'HELLO.Realm is not a URI')

    this.#round.restart()
    const methods = authmethods.length === 0 ? ['anonymous'] : authmethods
    if (cookieLogin && visitor !== null && methods.includes('cookie')) {
      this.#kicks.begin()
      const principal = await visitor.recall()
      if (principal !== null) return this.#admit({ principal, features, viaCookie: true, onLogout: undefined, proof: undefined })
      this.#kicks.restart()
    }
    if (realm !== null && host.realm(realm) === undefined) return this.#refuse(reasons.noSuchRealm, `there is no realm "${realm.slice(0, LONGEST_NAME)}"`)
    await this.#authenticate(methods, features)
  }

  async #authenticate (methods: readonly string[], features: Features): Promise<void> {
    const { authenticators, cookieLogin, visitor } = this.#context
    const method = methods.find((name) => authenticators.has(name))
    if (method === undefined) {
      return methods.every((name) => name === 'anonymous')
        ? this.#refuse(reasons.authenticationRequired, 'anonymous sessions are not allowed')
        : this.#refuse(reasons.noMatchingAuthMethod, cookieLogin && methods.includes('cookie')
          ? 'the cookie has no valid login, and none of the other offered methods is configured'
          : 'none of the offered methods is configured')
    }
    this.#method = method
    const authenticator = authenticators.get(method)!
    const grant = await (letsAnybodyIn(authenticator) ? authenticator({ pseudonym: visitor?.pseudonym ?? null }) : this.#verify(authenticator, method))
    const [principal, proof] = [principalOf(grant, this.#hello.realm, method), proofOf(grant, method)]
    this.#kicks.begin()
    this.#proof = 'none'
    this.#checked?.()
    if (visitor !== null && principal.authmethod !== 'anonymous' && this.#state === 'running' && this.#mayJoin(principal)) await visitor.bind(principal, method)
    this.#admit({ principal, features, viaCookie: false, onLogout: grant.onLogout, proof })
  }

  async #verify (authenticator: Authenticator, method: string): Promise<Grant> {
    await this.#beginCheck()
    return await authenticator(this.#attempt(method))
  }

  /** Begins the check of a proof, which ends with its result or with the next CHALLENGE. Rejects if the client has failed too often. */
  async #beginCheck (): Promise<void> {
    const { host, transport } = this.#context
    const checked = await host.failedLogins.begin(this.#guesser())
    if (checked === null) {
      this.log.warn({ authmethod: this.#method, peer: transport.details.peer }, 'too many failed logins')
      throw new WampError(reasons.tooManyFailedLogins, { args: ['too many logins have failed: try again later'] })
    }
    this.#checked = checked
    this.#proof = 'checking'
    if (this.#state === 'over') this.#keepPlace()
  }

  async #challenge (authmethod: string, extra: Dict): Promise<Answer> {
    if (!isFunction(this.#context.authenticators.get(authmethod)!)) this.#challenged(authmethod)
    this.#proof = 'none'
    this.#checked?.()
    const answer = await this.#round.wait(() => { sendCounted(this.#context, { type: MessageType.Challenge, authmethod, extra }) })
    await this.#beginCheck()
    return answer
  }

  /** The answer is compared with credentials that have already been read, except for a ticket. What happens to the user from now on affects the login. */
  #challenged (authmethod: string): void {
    this.#context.visitor?.challenged()
    if (authmethod !== 'ticket') this.#kicks.begin()
  }

  #admit (admitted: Omit<Admission, 'realm' | 'farewell'>): void {
    if (this.#state === 'over') return
    const { host } = this.#context
    const { principal } = admitted
    if (host.state !== 'open') return this.#shutDown()
    const realm = host.realm(principal.realm)
    if (realm === undefined) return this.#refuse(reasons.noSuchRealm, `there is no realm "${principal.realm}"`)
    if (!this.#mayJoin(principal)) return this.#refuse(reasons.noSuchRole, `there is no role "${principal.authrole}" in realm "${principal.realm}"`)
    const limit = realm.limitReached(principal)
    if (limit !== null) {
      const text = `limits.${limit}: there are too many sessions`
      return limit === 'sessionsOfRealm' ? this.#refuseLater(reasons.limitExceeded, text) : this.#refuse(reasons.limitExceeded, text)
    }
    const farewell = this.#kicks.find({ session: this.#id, ...principal })
    this.#stop()
    this.#welcome({ ...admitted, realm, farewell })
  }

  #mayJoin ({ realm, authrole }: Principal): boolean { return this.#context.host.realm(realm)?.grants(authrole) === true }

  /** Refuses a failed login, with a delay that grows with the number of failures. If the client has already left, this also counts as a failure. */
  #failed (error: unknown): void {
    const counts = this.#proof === 'checking' && isFailure(error)
    const delay = counts ? this.#context.host.failedLogins.count(this.#guesser()) : 0
    this.#proof = 'none'
    if (this.#state === 'over') return
    const [reason, text] = error instanceof WampError ? [error.error, textOf(error)] : [reasons.authenticationFailed, 'authentication failed']
    // Internal errors are only logged.
    if (!(error instanceof WampError)) this.log.error({ err: error }, 'authentication failed')
    else if (counts) this.log.info({ authmethod: this.#method, peer: this.#context.transport.details.peer, reason }, 'a login failed')
    this.#tellFailure(reason)
    if (error instanceof Unanswered) this.#refuseLater(reason, text)
    else if (delay > 0) this.#refuseLater(reason, text, delay)
    else this.#refuse(reason, text)
  }

  /** Refuses a login that failed by its method. */
  #fail (reason: Uri, text: string): void {
    this.#controller?.abort(new WampError(reasons.timeout))
    this.#tellFailure(reason)
    this.#refuse(reason, text)
  }

  #tellFailure (reason: Uri): void {
    if (this.#state === 'over' || this.#method === null || !loginFailed.hasSubscribers) return
    const { host, transport } = this.#context
    loginFailed.publish({ router: host, ...this.#names(), authmethod: this.#method, reason, peer: transport.details.peer })
  }

  #guesser (): Guesser {
    const { transport, visitor } = this.#context
    return { transport: transport.details, authid: this.#hello.details.authid, pseudonym: visitor?.pseudonym ?? null }
  }

  /** The names that the client gives for itself and its realm, shortened for logs. */
  #names (): { realm: Uri | null, authid: string | undefined } {
    const { realm, details: { authid } } = this.#hello
    return { realm: realm?.slice(0, LONGEST_NAME) ?? null, authid: authid?.slice(0, LONGEST_NAME) }
  }

  #refuse (reason: Uri, text: string, kind: CloseKind = 'normal'): void {
    if (this.#state === 'over') return
    this.#stop()
    this.#checked?.()
    this.#abort(reason, text, kind)
  }

  /** Refuses a client after a delay. Clients whose refusal is temporary retry at once, and many of them would cost more than the open sessions. */
  #refuseLater (reason: Uri, text: string, delay = LATER * (1 + 2 * Math.random())): void {
    this.#round.stop()
    this.#delay = setTimeout(() => { this.#refuse(reason, text) }, delay)
  }

  #attempt (authmethod: string): Attempt {
    const { realm, details: { authid, authrole, authextra = {} } } = this.#hello
    const { transport, visitor, request } = this.#context
    const signal = (): AbortSignal => this.#signal()
    return {
      realm,
      authmethod,
      authid,
      authrole,
      authextra,
      session: this.#id,
      transport: transport.details,
      tls: transport.tls ?? null,
      request,
      pseudonym: visitor?.pseudonym ?? null,
      get signal () { return signal() },
      challenge: (extra: Dict = {}) => this.#challenge(authmethod, extra)
    }
  }

  /** Created when it is first used, since most authenticators answer at once. */
  #signal (): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#state === 'over') this.#controller.abort()
    return this.#controller.signal
  }
}

function textOf ({ args: [text], error }: WampError): string {
  return typeof text === 'string' ? text : error
}
