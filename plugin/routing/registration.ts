import type { Id } from '../protocol/id.ts'
import type { Dict, Interrupt, Invocation, InvocationPolicy } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import type { Shares } from '../shares.ts'
import { spend } from '../work.ts'
import type { Listing } from './listing.ts'
import type { Ordered } from './ordered.ts'
import type { CallWatch } from './request-observer.ts'
import type { ClientKey, RoutedSession } from './routed-session.ts'

/** Callees that are visited in one unit of work. */
const LOOKS_OF_UNIT = 8
/** Callees that are skipped in one unit, to find the position of one. */
const MOVES_OF_UNIT = 64
/** With fewer callees, all are visited to find one. */
const MANY = 16
/** The number of random draws before all callees are visited. */
const MOST_DRAWS = 16

/**
 * The state of a call. `streaming`: it waits for more input of the caller, and for the result. `invoked`: it waits for the result.
 * `interrupted`: the caller has canceled it, and it waits for the callee's response. `abandoned`: it has ended, but the callee's procedure in
 * this process is still running.
 */
export type CallState = 'streaming' | 'invoked' | 'interrupted' | 'abandoned'

/** A call that has not ended. Its options are those of the first CALL [advanced, Progressive Call Invocations]. */
export interface PendingCall {
  readonly caller: RoutedSession
  readonly request: Id
  readonly procedure: Uri
  /** Another one if the registration was replaced before a callee took the call. */
  registration: Registration
  /** True if the caller sends progressive input. */
  readonly progressive: boolean
  /** True if the caller accepts progressive results. */
  readonly receiveProgress: boolean
  /** In milliseconds; 0 for none. */
  readonly timeout: number
  /** The time at which its timeout ends, on the clock of `performance.now`; 0 for never. */
  readonly due: number
  /** The part of INVOCATION.Details that is the same for every callee. */
  details: Dict
  /** The offer of the callee that has, or had, the invocation; null if there is none. */
  offer: Offer | null
  /** INVOCATION.Request; 0 if there is none. */
  invocation: Id
  state: CallState
  /** Removes the deadline; undefined if there is none. */
  lift: (() => void) | undefined
  /** The callees that could not take it, in order; null if there are none. */
  tried: Set<Offer> | null
  /** The payload for another callee; null if the call cannot be rerouted. */
  rerouting: { readonly payload: Payload, readonly octets: number } | null
  /** The observer of the call; null if there is none. */
  readonly watch: CallWatch | null
}

/** The state of a session as a callee. */
export interface Callee {
  readonly session: RoutedSession
  /**
   * `leaving`: the session has ended, but its node has not removed its registrations from the log of the cluster. `gone`: the session has
   * ended, and its registrations are removed in turns, or when they are accessed.
   */
  state: 'here' | 'leaving' | 'gone'
  lastInvocation: Id
  /** Messages for it that follow REGISTERED, in order; null if nothing is held back. */
  held: HeldInvocations | null
  /** The calls that it has not answered. */
  readonly invocations: Map<Id, PendingCall>
  readonly registrations: Listing<Registration>
  /** The number of these calls per caller; null while there is capacity for all. */
  openBy: Shares<ClientKey> | null
}

/** Messages that are held back for a callee until it has received REGISTERED. */
export interface HeldInvocations {
  readonly messages: Array<Invocation | Interrupt>
  /** The octets of their payloads. */
  octets: number
}

/** A callee of one registration, with its options. */
export interface Offer {
  readonly callee: Callee
  readonly discloseCaller: boolean
  /** True if the callee enforces timeouts, if it supports this. */
  readonly forwardTimeout: boolean
  /** The maximum number of open calls. */
  readonly concurrency: number
  /** The number of open calls. */
  open: number
  /**
   * `announced`: the callee has not received REGISTERED, so its calls are held back. `withdrawn`: it gets no calls, and the log of the cluster will
   * remove it.
   */
  state: 'announced' | 'open' | 'withdrawn'
}

/** Observes changes of registrations, after the session that caused them has received its answer. */
export interface RegistrationObserver {
  /** The registration was created with this callee. */
  created (callee: RoutedSession, registration: Registration): void
  registered (callee: RoutedSession, registration: Registration): void
  /** The session is no longer a callee. The last one deletes the registration. */
  unregistered (callee: RoutedSession, registration: Registration): void
}

/** All callees of one URI with one match policy, and the distribution of calls among them [advanced, Shared Registration]. */
export class Registration {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly invoke: InvocationPolicy
  /** The time of creation, in milliseconds since 1970. */
  readonly created: number
  /** The callees' sessions in the order in which they joined the realm, once a page of them has been requested. */
  paged: Ordered<RoutedSession> | null = null
  /** The number of departed callees when this registration's callees were last checked. */
  #retired = 0
  /** Callees that were removed, but without a meta event so far. */
  untold = 0
  /** In the order of registration. */
  #offers: Offer[] = []
  /** By session; null while they are few or it is not needed. */
  #bySession: Map<RoutedSession, Offer> | null = null
  /** The callees that have reached their concurrency limit. */
  readonly #busy = new Set<Offer>()
  /** The next callee for `roundrobin`. */
  #next = 0

  constructor ({ id, uri, match, invoke, created }: { id: Id, uri: Uri, match: MatchPolicy, invoke: InvocationPolicy, created: number }) {
    this.id = id
    this.created = created
    this.uri = uri
    this.match = match
    this.invoke = invoke
  }

  get offers (): readonly Offer[] {
    return this.#offers
  }

  /** True if a callee has as many calls as it takes at once. */
  get hasBusy (): boolean {
    return this.#busy.size > 0
  }

  /** True if all callees have left, but not according to the log of the cluster. */
  get hasOnlyLeaving (): boolean {
    const at = this.#offers.findIndex(({ callee }) => callee.state !== 'leaving')
    spend((at < 0 ? this.#offers.length : at) / LOOKS_OF_UNIT)
    return at < 0
  }

  offerOf (session: RoutedSession): Offer | undefined {
    if (this.#offers.length < MANY) return this.#offers.find(({ callee }) => callee.session === session)
    if (this.#bySession === null) {
      spend(this.#offers.length)
      this.#bySession = new Map(this.#offers.map((offer) => [offer.callee.session, offer]))
    }
    return this.#bySession.get(session)
  }

  /** Removes departed callees, without meta events. `retired` is the number of callees that have ever departed. */
  dropGone (retired: number): void {
    if (this.#retired === retired) return
    this.#retired = retired
    spend(this.#offers.length / LOOKS_OF_UNIT)
    const gone = this.#offers.filter(({ callee }) => callee.state === 'gone')
    if (gone.length === 0) return
    this.#next -= this.#offers.slice(0, this.#next).filter(({ callee }) => callee.state === 'gone').length
    this.#offers = this.#offers.filter(({ callee }) => callee.state !== 'gone')
    this.#bySession = null
    this.untold += gone.length
    for (const offer of gone) {
      this.#busy.delete(offer)
      this.paged?.delete(offer.callee.session)
    }
  }

  /** True if it has no callees, and all meta events of removed ones have been published. */
  get isOver (): boolean {
    return this.#offers.length === 0 && this.untold === 0
  }

  add (offer: Offer): void {
    this.#offers.push(offer)
    this.#bySession?.set(offer.callee.session, offer)
    this.paged?.add(offer.callee.session)
  }

  remove (offer: Offer): void {
    const i = this.#offers.indexOf(offer)
    if (i < 0) return
    spend(this.#offers.length / MOVES_OF_UNIT)
    this.#offers.splice(i, 1)
    if (this.#offers.length < MANY / 2) this.#bySession = null
    this.#bySession?.delete(offer.callee.session)
    this.#busy.delete(offer)
    this.paged?.delete(offer.callee.session)
    // No callee is skipped or called twice because another one left.
    if (i < this.#next) this.#next--
  }

  /** Removes all callees, without meta events. */
  removeAll (): readonly Offer[] {
    const offers = this.#offers
    spend(offers.length)
    this.#offers = []
    this.#bySession = null
    this.#busy.clear()
    this.paged = null
    this.#next = 0
    this.untold += offers.length
    return offers
  }

  /** Counts a call that a callee has received. */
  begin (offer: Offer): void {
    offer.open++
    if (offer.open >= offer.concurrency) this.#busy.add(offer)
  }

  /** Counts a call that has ended, even if its callee has departed. */
  end (offer: Offer): void {
    offer.open--
    if (offer.open < offer.concurrency && offer.concurrency !== Infinity) this.#busy.delete(offer)
  }

  /**
   * Selects a callee for a call among those that `accepts` allows. `tried` are those that could not take it, in order: the next one after
   * the last is selected [advanced, Call Rerouting].
   */
  pick (tried: ReadonlySet<Offer> | null, accepts: (offer: Offer) => boolean): Offer | undefined {
    // Without visiting each of them: there may be thousands, and a rejected call costs its caller nothing.
    if (this.#busy.size === this.#offers.length) return undefined
    switch (this.invoke) {
      case 'roundrobin': return this.#inTurn(tried, accepts)
      case 'random': return this.#atRandom(tried, accepts)
      // Hot standby: a busy first callee does not fail over.
      case 'last': return accepted(untried(this.#offers, tried, -1), accepts)
      default: return accepted(untried(this.#offers, tried, 1), accepts)
    }
  }

  #inTurn (tried: ReadonlySet<Offer> | null, accepts: (offer: Offer) => boolean): Offer | undefined {
    const offers = this.#offers
    let found: Offer | undefined
    let looks = 0
    while (found === undefined && looks < offers.length) {
      const at = (this.#next + looks++) % offers.length
      const offer = offers[at]!
      if (tried?.has(offer) === true || !accepts(offer)) continue
      this.#next = at + 1
      found = offer
    }
    spend(looks / LOOKS_OF_UNIT)
    return found
  }

  /** Every available callee is equally likely, with both methods. */
  #atRandom (tried: ReadonlySet<Offer> | null, accepts: (offer: Offer) => boolean): Offer | undefined {
    const offers = this.#offers
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const offer = oneOf(offers)
      if (offer !== undefined && tried?.has(offer) !== true && accepts(offer)) return offer
    }
    spend(offers.length / LOOKS_OF_UNIT)
    return oneOf(offers.filter((offer) => tried?.has(offer) !== true && accepts(offer)))
  }
}

function accepted (offer: Offer | undefined, accepts: (offer: Offer) => boolean): Offer | undefined {
  return offer !== undefined && accepts(offer) ? offer : undefined
}

/** The first callee that has not left and has not been tried, from the end if `step` is -1. */
function untried (offers: readonly Offer[], tried: ReadonlySet<Offer> | null, step: 1 | -1): Offer | undefined {
  let at = step === 1 ? 0 : offers.length - 1
  let looks = 1
  for (; at >= 0 && at < offers.length && (tried?.has(offers[at]!) === true || offers[at]!.callee.state === 'leaving'); at += step) looks++
  spend(looks / LOOKS_OF_UNIT)
  return offers[at]
}

function oneOf (offers: readonly Offer[]): Offer | undefined {
  return offers[Math.floor(Math.random() * offers.length)]
}
