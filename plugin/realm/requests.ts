import type { ContractChecks } from '../contract/contract-checks.ts'
import { Deadlines } from '../deadlines.ts'
import type { Action } from '../protocol/action.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Cancel, Dict, ErrorMessage, PassthruOptions, Publish, Register, Subscribe, Unregister, Unsubscribe, Yield } from '../protocol/message.ts'
import { usesPassthru } from '../protocol/passthru.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { Broker } from '../routing/broker.ts'
import type { Dealer } from '../routing/dealer.ts'
import type { Federation } from '../routing/federation.ts'
import { FederatedRequests, cutOff } from './federated-requests.ts'
import { ParkedRequest } from './parked-request.ts'
import { PendingVerdict } from '../authorization/pending-verdict.ts'
import { refusal, refusalOf } from '../routing/refusal.ts'
import { sendAnswer } from '../routing/send-answer.ts'
import type { Registrations } from '../routing/registrations.ts'
import type { CallWatch, PublicationWatch, RequestObserver } from '../routing/request-observer.ts'
import { refused } from '../authorization/verdict.ts'
import type { Role } from '../authorization/role.ts'
import type { Verdict } from '../authorization/verdict.ts'
import type { RoutedSession } from '../routing/routed-session.ts'

/** The messages that are routed. All others concern only the session. */
export type RoutedMessage = Publish | Subscribe | Unsubscribe | Call | Cancel | Register | Unregister | Yield | ErrorMessage

const forgotten = refused(reasons.notAuthorized)
const discloseMeDisallowed = refused(reasons.discloseMeDisallowed)
const timedOut = refused(reasons.timeout)

/** The requests of sessions to a realm: authorizes and routes them. */
export class Requests {
  readonly #observer: RequestObserver
  readonly #federated: FederatedRequests | null
  readonly #roles: ReadonlyMap<string, Role>
  readonly #contract: ContractChecks | null
  readonly #broker: Broker
  readonly #registrations: Registrations
  readonly #dealer: Dealer
  readonly #deadlines = new Deadlines('durations')

  constructor ({ observer, federation, roles, contract, broker, registrations, dealer }: {
    observer: RequestObserver
    /** The other nodes; null if there are none. */
    federation: Federation | null
    roles: ReadonlyMap<string, Role>
    contract: ContractChecks | null
    broker: Broker
    registrations: Registrations
    dealer: Dealer
  }) {
    this.#observer = observer
    this.#federated = federation === null ? null : new FederatedRequests({ federation, registrations, dealer })
    this.#roles = roles
    this.#contract = contract
    this.#broker = broker
    this.#registrations = registrations
    this.#dealer = dealer
  }

  /**
   * Routes a message of a session, which arrived at the time `arrived`, or now by default. Returns the request if it waits for an
   * authorizer. Throws a ProtocolViolation.
   */
  receive (session: RoutedSession, message: RoutedMessage, arrived?: number): ParkedRequest | undefined {
    switch (message.type) {
      case MessageType.Publish: return this.#publish(session, message)
      case MessageType.Call: return this.#call(session, message, arrived)
      case MessageType.Yield: this.#dealer.yield(session, message); break
      case MessageType.Error: this.#dealer.error(session, message); break
      case MessageType.Cancel: this.#dealer.cancel(session, message); break
      case MessageType.Subscribe: return this.#subscribe(session, message)
      case MessageType.Unsubscribe: this.#broker.unsubscribe(session, message); break
      case MessageType.Register: return this.#register(session, message)
      case MessageType.Unregister: return this.#unregister(session, message)
      default: unreachable(message)
    }
    return undefined
  }

  /** The verdict on an action of a session, which is pending if an authorizer has to decide. */
  ask (session: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy, options: Dict = noDetails): Verdict | PendingVerdict {
    return this.#roles.get(session.principal.authrole)?.ask(session, action, uri, match, options) ?? forgotten
  }

  /** True for a CALL that continues a call: its id is not the next one. */
  isContinuation (session: RoutedSession, call: Call): boolean {
    return this.#dealer.isContinuation(session, call)
  }

  /** Ends a CALL that has not been routed. */
  dropped (session: RoutedSession, call: Call, reason: Uri): void {
    this.#dealer.refuse(session, call, refusal(MessageType.Call, call.request, reason), null)
  }

  #publish (session: RoutedSession, message: Publish): ParkedRequest | undefined {
    announced(session, 'publisher', message.options)
    const watch = this.#observer.published(session, message)
    const asked = this.ask(session, 'publish', message.topic, 'exact', message.options)
    const patience = message.options.acknowledge === true ? this.#broker.ready(session, message) : null
    const pending = asked instanceof PendingVerdict
    if (!pending && patience === null) {
      this.#published(session, message, asked, watch)
      return undefined
    }
    message.payload.compact()
    const decision = pending ? asked.verdict : Promise.resolve(asked)
    const verdict = patience === null ? decision : patience.over.then(() => decision)
    return new ParkedRequest(verdict, (decided) => { this.#published(session, message, decided, watch) }, () => {
      if (pending) asked.abandon()
      patience?.abandon()
      watch?.end('publisher_gone')
    })
  }

  #published (session: RoutedSession, message: Publish, decided: Verdict, watch: PublicationWatch | null): void {
    const { request, topic, options, payload } = message
    const verdict = this.#broker.isCutOff(topic) ? cutOff : this.#disclosing(session, decided, options.disclose_me === true)
    const fault = verdict.refusal === null ? this.#contract?.event(topic, options, payload) ?? null : null
    if (verdict.refusal === null && fault === null) {
      const receivers = this.#broker.publish(session, message, verdict, watch?.details)
      watch?.end('published', { receivers })
      return
    }
    const error = verdict.refusal ?? reasons.invalidArgument
    if (options.acknowledge === true) sendAnswer(session, fault === null ? refusalOf({ request, role: session.principal.authrole, action: 'publish', uri: topic }, error) : refusal(MessageType.Publish, request, error, fault))
    watch?.end('refused', { error })
  }

  #call (session: RoutedSession, message: Call, arrived: number | undefined): ParkedRequest | undefined {
    announced(session, 'caller', message.options)
    if (this.#dealer.resume(session, message)) return undefined
    const watch = this.#observer.called(session, message)
    const verdict = this.ask(session, 'call', message.procedure, 'exact', message.options)
    if (verdict instanceof PendingVerdict) {
      message.payload.compact()
      const since = arrived ?? performance.now()
      const inTime = this.#inTime(verdict, since, message.options.timeout ?? 0)
      return new ParkedRequest(inTime, (decided) => { this.#called(session, message, decided, watch, since) }, (why) => {
        verdict.abandon()
        watch?.abandoned(why)
      })
    }
    this.#called(session, message, verdict, watch, arrived)
    return undefined
  }

  /** The verdict on a call. The call is refused if its timeout ends before the authorizer has decided. A timeout of 0 means no limit. */
  #inTime (pending: PendingVerdict, since: number, timeout: number): Promise<Verdict> {
    if (timeout === 0) return pending.verdict
    return new Promise((resolve) => {
      const lift = this.#deadlines.add(since + timeout, () => {
        resolve(timedOut)
        pending.abandon()
      })
      pending.verdict.then((decided) => {
        lift()
        resolve(decided)
      })
    })
  }

  #called (session: RoutedSession, message: Call, decided: Verdict, watch: CallWatch | null, arrived: number | undefined): void {
    const verdict = this.#disclosing(session, decided, message.options.disclose_me === true)
    if (verdict.refusal === null) return this.#dealer.call(session, message, verdict, watch, arrived)
    this.#dealer.refuse(session, message, refusalOf({ request: message.request, role: session.principal.authrole, action: 'call', uri: message.procedure }, verdict.refusal), watch)
  }

  #subscribe (session: RoutedSession, message: Subscribe): ParkedRequest | undefined {
    const verdict = this.ask(session, 'subscribe', message.topic, message.options.match, message.options)
    const act = (decided: Verdict): void => { this.#subscribed(session, message, decided) }
    if (this.#federated !== null) return this.#federated.subscribe(session, message, verdict, act)
    if (verdict instanceof PendingVerdict) return new ParkedRequest(verdict.verdict, act, () => { verdict.abandon() })
    act(verdict)
    return undefined
  }

  #subscribed (session: RoutedSession, message: Subscribe, { refusal: error }: Verdict): void {
    if (error === null) this.#broker.subscribe(session, message)
    else sendAnswer(session, refusalOf({ request: message.request, role: session.principal.authrole, action: 'subscribe', uri: message.topic }, error))
  }

  #register (session: RoutedSession, message: Register): ParkedRequest | undefined {
    const verdict = this.ask(session, 'register', message.procedure, message.options.match, message.options)
    if (this.#federated !== null) return this.#federated.register(session, message, verdict, (decided) => this.#refusesRegister(session, message, decided))
    if (verdict instanceof PendingVerdict) {
      return new ParkedRequest(verdict.verdict, (decided) => { this.#registered(session, message, decided) }, () => { verdict.abandon() })
    }
    this.#registered(session, message, verdict)
    return undefined
  }

  #registered (session: RoutedSession, message: Register, decided: Verdict): void {
    if (!this.#refusesRegister(session, message, decided)) this.#registrations.register(session, message, decided.forceReregister)
  }

  /** Answers a REGISTER that the verdict refuses. False if it does not. */
  #refusesRegister (session: RoutedSession, { request, options, procedure: uri }: Register, decided: Verdict): boolean {
    const { refusal: error } = this.#disclosing(session, decided, options.disclose_caller === true)
    if (error !== null) sendAnswer(session, refusalOf({ request, role: session.principal.authrole, action: 'register', uri }, error))
    return error !== null
  }

  #unregister (session: RoutedSession, message: Unregister): ParkedRequest | undefined {
    if (this.#federated !== null) return this.#federated.unregister(session, message)
    this.#registrations.unregister(session, message)
    return undefined
  }

  /** The verdict on a request that may ask for disclosure, which the role may not allow. */
  #disclosing ({ principal }: RoutedSession, verdict: Verdict, asked: boolean): Verdict {
    if (!asked || verdict.disclose || verdict.refusal !== null) return verdict
    if (this.#roles.get(principal.authrole)?.allowDiscloseMe !== true) return discloseMeDisallowed
    return { ...verdict, disclose: true }
  }
}

/** Only a session that has announced payload passthru mode may use it [advanced, Payload Passthru Mode]. */
function announced ({ features }: RoutedSession, role: 'publisher' | 'caller', options: PassthruOptions): void {
  if (!usesPassthru(options) || features.has(`${role}.payload_passthru_mode`)) return
  throw new ProtocolViolation(`options.ppt_scheme from a ${role} that did not announce payload_passthru_mode`)
}

function unreachable (message: never): never {
  throw new TypeError(`Unreachable: ${JSON.stringify(message)}`)
}
