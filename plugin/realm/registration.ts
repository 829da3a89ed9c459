import type { Id } from '../protocol/id.ts'
import type { InvocationPolicy } from '../protocol/message.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { spend } from '../work.ts'
import type { Listing } from './listing.ts'
import type { Ordered } from './ordered.ts'
import type { PendingCall } from './pending-call.ts'
import type { RoutedSession } from './routed-session.ts'

/** Callees that are looked at in the time of a unit of work. */
const LOOKS_OF_UNIT = 8
/** Callees that are passed over in the time of a unit, to find the place of one. */
const MOVES_OF_UNIT = 64
/** Fewer callees are all looked at to find one. */
const MANY = 16
/** Callees that are drawn at random before all of them are looked at. */
const MOST_DRAWS = 16

/** What a session does as a callee. */
export interface Callee {
  readonly session: RoutedSession
  /** `gone` when the session has ended: what it offered is withdrawn by and by, or when somebody asks for it. */
  state: 'here' | 'gone'
  lastInvocation: Id
  /** What it has not answered. */
  readonly invocations: Map<Id, PendingCall>
  readonly registrations: Listing<Registration>
  /** How many of these each caller has; null while there is room for all. */
  openBy: Map<RoutedSession, number> | null
}

/** A callee of one registration, on its own terms. */
export interface Offer {
  readonly callee: Callee
  readonly discloseCaller: boolean
  /** True if the callee is to end calls that take too long, where it can. */
  readonly forwardTimeout: boolean
  /** How many calls to it may be open. */
  readonly concurrency: number
  /** How many are. */
  open: number
}

/** Told what becomes of registrations, after the session that caused it has had its answer. */
export interface RegistrationObserver {
  /** The registration has come into existence with this callee. */
  created (callee: RoutedSession, registration: Registration): void
  registered (callee: RoutedSession, registration: Registration): void
  /** The session is no longer a callee; the last one takes the registration along. */
  unregistered (callee: RoutedSession, registration: Registration): void
}

/** All who offer one URI under one policy, and how calls are shared among them [advanced, Shared Registration]. */
export class Registration {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly invoke: InvocationPolicy
  /** When it came into existence, in milliseconds since 1970. */
  readonly created = Date.now()
  /** The callees' sessions in the order in which they joined the realm, from when somebody first asks for a page of them. */
  paged: Ordered<RoutedSession> | null = null
  /** How many callees had gone when this one's were last looked at. */
  #retired = 0
  /** Callees that are gone, whose offers are dropped, and of which nobody has been told. */
  untold = 0
  /** In the order of registration. */
  #offers: Offer[] = []
  /** By session; null while they are few, or nobody has asked. */
  #bySession: Map<RoutedSession, Offer> | null = null
  /** Those that have as many calls as they take at once. */
  readonly #busy = new Set<Offer>()
  /** Whose turn it is under `roundrobin`. */
  #next = 0

  constructor ({ id, uri, match, invoke }: { id: Id, uri: Uri, match: MatchPolicy, invoke: InvocationPolicy }) {
    this.id = id
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

  offerOf (session: RoutedSession): Offer | undefined {
    if (this.#offers.length < MANY) return this.#offers.find(({ callee }) => callee.session === session)
    if (this.#bySession === null) {
      spend(this.#offers.length)
      this.#bySession = new Map(this.#offers.map((offer) => [offer.callee.session, offer]))
    }
    return this.#bySession.get(session)
  }

  /** Lets go of the offers of callees that are gone. Nobody is told yet. `retired` is how many callees have ever gone. */
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

  /** True if it has no callees, and all who watch have been told of those that have left. */
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
    // Nobody is skipped or served twice because another one left.
    if (i < this.#next) this.#next--
  }

  /** Counts a call that a callee was given. */
  begin (offer: Offer): void {
    offer.open++
    if (offer.open >= offer.concurrency) this.#busy.add(offer)
  }

  /** Counts a call that has ended, also at a callee that is gone. */
  end (offer: Offer): void {
    offer.open--
    if (offer.open < offer.concurrency && offer.concurrency !== Infinity) this.#busy.delete(offer)
  }

  /**
   * Picks who takes a call, among those that `accepts` says can. `tried` are those who could not take it, the last one
   * last: then it is the next one's turn after that [advanced, Call Rerouting].
   */
  pick (tried: ReadonlySet<Offer> | null, accepts: (offer: Offer) => boolean): Offer | undefined {
    // Without a look at each: there may be thousands of them, and a call that none takes costs its caller nothing.
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

  /** Every callee that can take the call is equally likely, in both ways of looking for one. */
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

/** The first callee that has not been tried, from the end if `step` is -1. */
function untried (offers: readonly Offer[], tried: ReadonlySet<Offer> | null, step: 1 | -1): Offer | undefined {
  let at = step === 1 ? 0 : offers.length - 1
  let looks = 1
  if (tried !== null) for (; at >= 0 && at < offers.length && tried.has(offers[at]!); at += step) looks++
  spend(looks / LOOKS_OF_UNIT)
  return offers[at]
}

function oneOf (offers: readonly Offer[]): Offer | undefined {
  return offers[Math.floor(Math.random() * offers.length)]
}
