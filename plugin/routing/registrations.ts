import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Register, Unregister, Unregistered } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { isReserved } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { begin, spend } from '../work.ts'
import { Listing } from './listing.ts'
import { refusal } from './refusal.ts'
import { sendAnswer } from './send-answer.ts'
import { Registration } from './registration.ts'
import type { Callee, Offer, RegistrationObserver } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'
import { UriIndex } from './uri-index.ts'

/** Units of work to remove a registration from a callee. */
const UNITS_OF_REMOVAL = 50
/** Units of work to inform a callee of its removal. */
const UNITS_OF_TELLING = 200

/** The procedures within a realm and their callees [basic, Registering and Unregistering]. Requests are already authorized. */
export class Registrations {
  readonly #nextId: () => Id
  readonly #limit: number
  readonly #observer: RegistrationObserver
  readonly #index = new UriIndex<Registration>()
  readonly #registrations = new Map<Id, Registration>()
  readonly #listing = new Listing<Registration>()
  readonly #callees = new Map<RoutedSession, Callee>()
  /** Departed callees whose registrations have not all been removed. */
  #gone = 0
  /** The number of callees that have ever departed. */
  #retired = 0

  constructor ({ nextId, limit, observer }: {
    nextId: () => Id
    /** The registrations of one session. */
    limit: number
    observer: RegistrationObserver
  }) {
    this.#nextId = nextId
    this.#limit = limit
    this.#observer = observer
  }

  /** All registrations, by id. */
  get all (): ReadonlyMap<Id, Registration> {
    return this.#registrations
  }

  /** All registrations, in the order of their ids. */
  get listing (): Listing<Registration> {
    return this.#listing
  }

  /** The registration of exactly this URI or pattern. */
  find (uri: Uri, match: MatchPolicy): Registration | undefined {
    const found = this.#index.get(uri, match)
    return found !== undefined && this.isOffered(found) ? found : undefined
  }

  /** The registration for a call. Patterns never match reserved URIs, because their callee could impersonate the router. */
  best (procedure: Uri): Registration | undefined {
    let found = this.#best(procedure)
    while (found !== undefined && !this.isOffered(found)) found = this.#best(procedure)
    return found
  }

  /** True if a registration still has a callee. Departed callees are removed. */
  isOffered (registration: Registration): boolean {
    if (this.#gone > 0) registration.dropGone(this.#retired)
    if (registration.offers.length > 0) return true
    this.#delete(registration)
    return false
  }

  #best (procedure: Uri): Registration | undefined {
    const exact = this.#index.get(procedure, 'exact')
    if (exact !== undefined || isReserved(procedure)) return exact
    return this.#index.longestPrefix(procedure) ?? this.#index.bestWildcard(procedure)
  }

  /** The state of a session as a callee, or undefined if it has never been one. */
  callee (session: RoutedSession): Callee | undefined {
    return this.#callees.get(session)
  }

  /** `mayForce`: the session may take over a procedure from its callees. */
  register (session: RoutedSession, message: Register, mayForce: boolean): void {
    const { request, procedure: uri, options: { match = 'exact', invoke = 'single', force_reregister: force = false } } = message
    const refuse = (error: Uri, text?: string): void => { sendAnswer(session, refusal(MessageType.Register, request, error, text)) }
    if (force && !mayForce) return refuse(reasons.optionNotAllowed, 'this role may not use force_reregister here')
    const known = this.find(uri, match)
    if (known !== undefined && !force) {
      if (known.invoke === 'single') return refuse(reasons.procedureAlreadyExists)
      if (known.invoke !== invoke) return refuse(reasons.procedureAlreadyExists, `the procedure is registered with invoke "${known.invoke}"`)
      if (known.offerOf(session) !== undefined) {
        sendAnswer(session, { type: MessageType.Registered, request, registration: known.id })
        return
      }
    }
    const callee = this.#calleeOf(session)
    if (callee.registrations.size >= this.#limit && !session.isTrusted) {
      return refuse(reasons.limitExceeded, 'limits.registrations: this session has too many registrations')
    }
    if (force && known !== undefined) this.#revokeAll(known)
    this.#add(callee, message)
  }

  unregister (session: RoutedSession, { request, registration: id }: Unregister): void {
    const registration = this.#registrations.get(id)
    const offer = registration?.offerOf(session)
    if (registration === undefined || offer === undefined) {
      sendAnswer(session, refusal(MessageType.Unregister, request, reasons.noSuchRegistration))
      return
    }
    this.#remove(registration, offer)
    sendAnswer(session, { type: MessageType.Unregistered, request })
    this.#observer.unregistered(session, registration)
  }

  /** Removes a registration from a callee, and informs its client if it supports this [advanced, Registration Revocation]. */
  revoke (registration: Registration, offer: Offer, reason?: Uri): void {
    const { session } = offer.callee
    this.#remove(registration, offer)
    if (isInformed(session)) session.send(revocation(registration, reason))
    this.#observer.unregistered(session, registration)
  }

  /** Removes a registration from all its callees at once. They may be thousands, so they are informed in turns. */
  #revokeAll (registration: Registration): void {
    const offers = registration.removeAll()
    for (const { callee } of offers) callee.registrations.delete(registration)
    this.#delete(registration)
    const steps = this.#inform(registration, offers)
    begin({ work: () => steps.next().done !== true })
  }

  * #inform (registration: Registration, offers: readonly Offer[]): Generator<void> {
    const message = revocation(registration, reasons.unregistered)
    for (const { callee: { session, state } } of offers) {
      spend(UNITS_OF_REMOVAL)
      if (state === 'here' && isInformed(session)) {
        spend(UNITS_OF_TELLING)
        session.send(message)
      }
      registration.untold--
      this.#observer.unregistered(session, registration)
      yield
    }
  }

  /** Marks the callee of an ended session as departed. */
  retire (session: RoutedSession): void {
    const callee = this.#callees.get(session)
    if (callee === undefined) return
    callee.state = 'gone'
    this.#gone++
    this.#retired++
  }

  /** Removes the registrations of a departed callee, one per step, after its calls have ended. */
  * forget (session: RoutedSession): Generator<void> {
    const callee = this.#callees.get(session)
    if (callee === undefined) return
    for (const registration of [...callee.registrations]) {
      const offer = registration.offerOf(session)
      if (offer === undefined) registration.untold--
      else this.#remove(registration, offer)
      this.#observer.unregistered(session, registration)
      yield
    }
    this.#callees.delete(session)
    this.#gone--
  }

  #add (callee: Callee, { request, procedure: uri, options }: Register): void {
    const { match = 'exact', invoke = 'single', disclose_caller: discloseCaller = false, forward_timeout: forwardTimeout = false, concurrency = Infinity } = options
    const known = this.#index.get(uri, match)
    const registration = known ?? new Registration({ id: this.#nextId(), uri, match, invoke })
    if (known === undefined) {
      this.#index.set(uri, match, registration)
      this.#registrations.set(registration.id, registration)
      this.#listing.add(registration)
    }
    registration.add({ callee, discloseCaller, forwardTimeout, concurrency, open: 0 })
    callee.registrations.add(registration)
    sendAnswer(callee.session, { type: MessageType.Registered, request, registration: registration.id })
    if (known === undefined) this.#observer.created(callee.session, registration)
    this.#observer.registered(callee.session, registration)
  }

  #calleeOf (session: RoutedSession): Callee {
    let callee = this.#callees.get(session)
    if (callee === undefined) this.#callees.set(session, callee = { session, state: 'here', lastInvocation: 0, invocations: new Map(), registrations: new Listing(), openBy: null })
    return callee
  }

  #remove (registration: Registration, offer: Offer): void {
    spend(UNITS_OF_REMOVAL)
    registration.remove(offer)
    offer.callee.registrations.delete(registration)
    if (registration.offers.length === 0) this.#delete(registration)
  }

  #delete (registration: Registration): void {
    if (!this.#registrations.delete(registration.id)) return
    this.#index.delete(registration.uri, registration.match)
    this.#listing.delete(registration)
  }
}

/** True if the client is informed when its registration is revoked. */
function isInformed ({ features }: RoutedSession): boolean {
  return features.has('callee.registration_revocation')
}

function revocation ({ id: registration }: Registration, reason: Uri | undefined): Unregistered {
  return { type: MessageType.Unregistered, request: 0, details: { registration, ...(reason === undefined ? {} : { reason }) } }
}
