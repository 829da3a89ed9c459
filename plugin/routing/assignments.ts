import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Invocation } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { Delivery } from '../transport/transport.ts'
import { addToShare, hasShare, takeFromShare } from './callee-share.ts'
import { detailsFor } from './pending-call.ts'
import type { Callee, Offer, PendingCall } from './registration.ts'
import type { Registrations } from './registrations.ts'
import { sharerOf } from './routed-session.ts'
import type { RoutedSession } from './routed-session.ts'

/** Which callee has which call. */
export class Assignments {
  readonly #registrations: Registrations
  readonly #limit: number
  readonly #heldOctets: number
  #asking: RoutedSession | undefined

  constructor ({ registrations, limit, heldOctets }: {
    registrations: Registrations
    /** The invocations that a callee may have open. */
    limit: number
    /** The octets of the invocations that are held until a callee has received REGISTERED. */
    heldOctets: number
  }) {
    this.#registrations = registrations
    this.#limit = limit
    this.#heldOctets = heldOctets
  }

  /** Selects a callee that has room for a call, by the policy of the registration. */
  pick ({ caller, registration, tried }: PendingCall): Offer | undefined {
    this.#asking = caller
    const offer = registration.pick(tried, this.#hasRoom)
    this.#asking = undefined
    return offer
  }

  /** True if a callee has room for another call of this caller. */
  hasRoom (offer: Offer, caller: RoutedSession): boolean {
    return offer.state !== 'withdrawn' && offer.callee.state === 'here' && offer.open < offer.concurrency && hasShare(offer.callee, caller, this.#limit)
  }

  readonly #hasRoom = (offer: Offer): boolean => this.hasRoom(offer, this.#asking!)

  /** Gives a call to a callee. */
  assign (call: PendingCall, offer: Offer): void {
    const { callee } = offer
    callee.lastInvocation = nextId(callee.lastInvocation)
    callee.invocations.set(callee.lastInvocation, call)
    addToShare(callee, call.caller)
    call.registration.begin(offer)
    call.offer = offer
    call.invocation = callee.lastInvocation
    call.watch?.invoke(callee.session, call.invocation)
  }

  /** The callee does not have the call any more. Without effect if it has not. */
  unassign ({ caller, registration, offer, invocation }: PendingCall): void {
    if (offer?.callee.invocations.delete(invocation) !== true) return
    takeFromShare(offer.callee, caller, this.#limit)
    registration.end(offer)
  }

  /** Sends INVOCATION to the callee that has the call. */
  send (call: PendingCall, offer: Offer, payload: Payload, progress: boolean): Delivery {
    const details = detailsFor(call, offer, progress)
    const told = call.watch === null ? details : call.watch.told(details)
    const message: Invocation = {
      type: MessageType.Invocation, request: call.invocation, registration: call.registration.id, details: told, payload, sharer: sharerOf(call.caller)
    }
    return offer.state === 'announced' || offer.callee.held !== null ? this.#hold(offer.callee, message) : offer.callee.session.send(message)
  }

  /** No INVOCATION may overtake the REGISTERED that announces it, or an earlier INVOCATION [basic, Ordering Guarantees]. */
  #hold (callee: Callee, message: Invocation): Delivery {
    const held = callee.held ??= { messages: [], octets: 0 }
    if (held.octets + message.payload.size > this.#heldOctets) return 'congested'
    held.octets += message.payload.size
    held.messages.push({ ...message, payload: message.payload.detached() })
    return 'sent'
  }

  /** The call of an answer; undefined if it has ended meanwhile. Throws for an invocation that never was. */
  of (session: RoutedSession, id: Id, name: string): PendingCall | undefined {
    const callee = this.#registrations.callee(session)
    if (callee === undefined || id > callee.lastInvocation) throw new ProtocolViolation(`${name} for invocation ${id}, which was never sent`)
    return callee.invocations.get(id)
  }
}
