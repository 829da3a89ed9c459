import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ErrorMessage, Register, Unregister } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { isReserved } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { begin, spend } from '../work.ts'
import type { Federation } from './federation.ts'
import { Listing } from './listing.ts'
import { refusal } from './refusal.ts'
import { conflictOf, isInformed, revocation } from './registering.ts'
import { sendAnswer } from './send-answer.ts'
import { Registration } from './registration.ts'
import type { Callee, Offer, RegistrationObserver } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'
import { UriIndex } from './uri-index.ts'

/** Units of work to remove a registration from a callee. */
const UNITS_OF_REMOVAL = 50
/** Units of work to inform a callee of its removal. */
const UNITS_OF_TELLING = 200

/** How an offer comes about. */
export interface OfferOrigin {
  /** The time of creation of a new registration, in milliseconds since 1970. */
  readonly created: number
  /** True if the callee gets no invocations before its offer is released. */
  readonly isHeld: boolean
  /** The id of a new registration. */
  readonly nextId: () => Id
}

/** The procedures within a realm and their callees [basic, Registering and Unregistering]. Requests are already authorized. */
export class Registrations {
  readonly #federation: Federation | null
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
  /** Callees of this node that have left, but not according to the log of the cluster. */
  #leaving = 0

  constructor ({ nextId, limit, observer, federation }: {
    nextId: () => Id
    /** The registrations of one session. */
    limit: number
    observer: RegistrationObserver
    /** The other nodes; null if there are none. */
    federation: Federation | null
  }) {
    this.#federation = federation
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
    return found === undefined || (this.#leaving > 0 && found.hasOnlyLeaving) ? undefined : found
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
    const answer = this.refused(session, message, mayForce) ?? this.offer(session, message, { created: Date.now(), isHeld: false, nextId: this.#nextId }, (registration) => {
      sendAnswer(session, { type: MessageType.Registered, request: message.request, registration: registration.id })
    })
    if (answer !== null) sendAnswer(session, answer)
  }

  /** Why a session may not become a callee, as far as this node knows; null if it may. */
  refused (session: RoutedSession, message: Register, mayForce: boolean): ErrorMessage | null {
    const { request, procedure: uri, options: { match = 'exact', force_reregister: force = false } } = message
    if (force && !mayForce) return refusal(MessageType.Register, request, reasons.optionNotAllowed, 'this role may not use force_reregister here')
    const known = force ? undefined : this.find(uri, match)
    const conflict = known === undefined || known.offers[0]?.callee.state === 'leaving' ? null : conflictOf(known, message)
    if (conflict !== null || known?.offerOf(session) !== undefined) return conflict
    const count = this.#callees.get(session)?.registrations.size ?? 0
    if (count < this.#limit || session.isTrusted) return null
    return refusal(MessageType.Register, request, reasons.limitExceeded, 'limits.registrations: this session has too many registrations')
  }

  /** Makes a session a callee, unless the other callees forbid this. The answer is called before observers are informed. */
  offer (session: RoutedSession, message: Register, origin: OfferOrigin, answer: (registration: Registration, offer: Offer, isNew: boolean) => void): ErrorMessage | null {
    const { procedure: uri, options: { match = 'exact', force_reregister: force = false } } = message
    const known = this.find(uri, match)
    if (known !== undefined && !force) {
      const conflict = conflictOf(known, message)
      if (conflict !== null) return conflict
      const offer = known.offerOf(session)
      if (offer !== undefined) {
        answer(known, offer, false)
        return null
      }
    }
    if (force && known !== undefined) this.#revokeAll(known)
    this.#add(this.#calleeOf(session), message, origin, answer)
    return null
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
    if (this.#federation === null) this.withdraw(registration.id, session, { reason })
    else this.#federation.revoke(registration.id, session, reason)
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
    for (const { state: offered, callee: { session, state } } of offers) {
      spend(UNITS_OF_REMOVAL)
      if (state === 'here' && offered === 'open' && isInformed(session)) {
        spend(UNITS_OF_TELLING)
        session.send(message)
      }
      registration.untold--
      this.#observer.unregistered(session, registration)
      yield
    }
  }

  /** Marks the callee of an ended session as departed: `leaving` if its registrations remain until the log of the cluster removes them. */
  retire (session: RoutedSession, state: 'leaving' | 'gone'): void {
    const callee = this.#callees.get(session)
    if (callee === undefined || callee.state !== 'here') return
    callee.state = state
    if (state === 'leaving') {
      this.#leaving++
      return
    }
    this.#gone++
    this.#retired++
  }

  /** Removes the registrations of a departed callee, one per step, after its calls have ended. */
  * forget (session: RoutedSession): Generator<void> {
    const callee = this.#callees.get(session)
    if (callee?.state === 'leaving') return yield * this.#withdrawAll(callee)
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

  * #withdrawAll (callee: Callee): Generator<void> {
    for (const { id } of [...callee.registrations]) {
      this.#federation!.withdraw(id, callee.session.id)
      yield
    }
    this.#release(callee)
  }

  /** Sends REGISTERED for an offer that all nodes know, and its revocation if it has been revoked meanwhile. */
  announced (session: RoutedSession, request: Id, registration: Registration, offer: Offer): void {
    sendAnswer(session, { type: MessageType.Registered, request, registration: registration.id })
    if (registration.offerOf(session) !== offer && isInformed(session)) session.send(revocation(registration, reasons.unregistered))
  }

  /** Removes a callee. Its client is informed if it did not ask for it. */
  withdraw (id: Id, session: RoutedSession, revoked: { readonly reason: Uri | undefined } | null): void {
    const registration = this.#registrations.get(id)
    const offer = registration?.offerOf(session)
    if (registration === undefined || offer === undefined) return
    this.#remove(registration, offer)
    if (revoked !== null && offer.state === 'open' && isInformed(session)) session.send(revocation(registration, revoked.reason))
    this.#observer.unregistered(session, registration)
    this.#release(offer.callee)
  }

  /** Forgets a callee of another node that has no registration and no open invocation. False if it has one. */
  dismiss (session: RoutedSession): boolean {
    const callee = this.#callees.get(session)
    return callee !== undefined && callee.state === 'here' && callee.registrations.size === 0 && callee.invocations.size === 0 && this.#callees.delete(session)
  }

  /** Forgets a callee that has left and has nothing any more. */
  #release ({ session, state, registrations }: Callee): void {
    if (state !== 'leaving' || registrations.size > 0) return
    if (this.#callees.delete(session)) this.#leaving--
  }

  #add (callee: Callee, { procedure: uri, options }: Register, { created, isHeld, nextId }: OfferOrigin, answer: (registration: Registration, offer: Offer, isNew: boolean) => void): void {
    const { match = 'exact', invoke = 'single', disclose_caller: discloseCaller = false, forward_timeout: forwardTimeout = false, concurrency = Infinity } = options
    const known = this.#index.get(uri, match)
    const registration = known ?? new Registration({ id: nextId(), uri, match, invoke, created })
    if (known === undefined) {
      this.#index.set(uri, match, registration)
      this.#registrations.set(registration.id, registration)
      this.#listing.add(registration)
    }
    const offer: Offer = { callee, discloseCaller, forwardTimeout, concurrency, open: 0, state: isHeld ? 'announced' : 'open' }
    registration.add(offer)
    callee.registrations.add(registration)
    answer(registration, offer, true)
    if (known === undefined) this.#observer.created(callee.session, registration)
    this.#observer.registered(callee.session, registration)
  }

  #calleeOf (session: RoutedSession): Callee {
    let callee = this.#callees.get(session)
    if (callee === undefined) this.#callees.set(session, callee = { session, state: 'here', lastInvocation: 0, held: null, invocations: new Map(), registrations: new Listing(), openBy: null })
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
