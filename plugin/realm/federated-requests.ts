import { PendingVerdict } from '../authorization/pending-verdict.ts'
import { granted, refused } from '../authorization/verdict.ts'
import type { Verdict } from '../authorization/verdict.ts'
import { MessageType } from '../protocol/message.ts'
import type { ErrorMessage, Register, Subscribe, Unregister } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Dealer } from '../routing/dealer.ts'
import type { Claim, Federation, Offered, Offering } from '../routing/federation.ts'
import { refusal } from '../routing/refusal.ts'
import type { Registrations } from '../routing/registrations.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import { sendAnswer } from '../routing/send-answer.ts'
import { ParkedRequest } from './parked-request.ts'

/** The verdict on a request that needs other nodes which cannot be reached. */
export const cutOff = refused(reasons.networkFailure)

/** The requests that take effect when all nodes know about them. */
export class FederatedRequests {
  readonly #federation: Federation
  readonly #registrations: Registrations
  readonly #dealer: Dealer

  constructor ({ federation, registrations, dealer }: { federation: Federation, registrations: Registrations, dealer: Dealer }) {
    this.#federation = federation
    this.#registrations = registrations
    this.#dealer = dealer
  }

  /** SUBSCRIBE, which `act` executes. Returns the request if it waits. */
  subscribe (session: RoutedSession, { topic, options: { match = 'exact' } }: Subscribe, asked: Verdict | PendingVerdict, act: (verdict: Verdict) => void): ParkedRequest | undefined {
    let claim: Claim | null = null
    let state: 'wanted' | 'abandoned' = 'wanted'
    const announce = (verdict: Verdict): Verdict | Promise<Verdict> => {
      if (state === 'wanted' && verdict.refusal === null) claim = this.#federation.claim(topic, match, session.id)
      return claim === null ? verdict : claim.ready.then(() => verdict, () => cutOff)
    }
    const decided = asked instanceof PendingVerdict ? asked.verdict.then(announce) : announce(asked)
    if (!(decided instanceof Promise)) {
      act(decided)
      return undefined
    }
    return new ParkedRequest(decided, (verdict) => {
      act(verdict)
      claim?.release()
    }, () => {
      state = 'abandoned'
      if (asked instanceof PendingVerdict) asked.abandon()
      claim?.release()
    })
  }

  /** REGISTER. `refuse` answers it if the verdict is negative, and returns true then, and the verdict tells whether it may force. */
  register (session: RoutedSession, message: Register, asked: Verdict | PendingVerdict, refuse: (verdict: Verdict) => boolean): ParkedRequest | undefined {
    let offering: Offering | null = null
    let answer: Offered | ErrorMessage | null = null
    let state: 'wanted' | 'abandoned' = 'wanted'
    const announce = async (verdict: Verdict): Promise<Verdict> => {
      if (state === 'abandoned' || refuse(verdict)) return verdict
      answer = this.#registrations.refused(session, message, verdict.forceReregister)
      if (answer !== null) return verdict
      offering = this.#federation.offer(session, message)
      answer = await offering.ready.catch(() => refusal(MessageType.Register, message.request, reasons.networkFailure))
      return verdict
    }
    const decided = asked instanceof PendingVerdict ? asked.verdict.then(announce) : announce(asked)
    return new ParkedRequest(decided, () => { if (answer !== null) this.#answer(session, message, answer) }, () => {
      state = 'abandoned'
      if (asked instanceof PendingVerdict) asked.abandon()
      offering?.abandon()
    })
  }

  #answer (session: RoutedSession, { request }: Register, answer: Offered | ErrorMessage): void {
    if ('type' in answer) {
      sendAnswer(session, answer)
      return
    }
    const { registration, offer } = answer
    this.#registrations.announced(session, request, registration, offer)
    this.#dealer.settle(offer, 'open')
  }

  /** UNREGISTER. Returns the request if it waits. */
  unregister (session: RoutedSession, message: Unregister): ParkedRequest | undefined {
    const { request, registration } = message
    if (this.#registrations.all.get(registration)?.offerOf(session) === undefined) {
      this.#registrations.unregister(session, message)
      return undefined
    }
    const known = this.#federation.withdraw(registration, session.id).then(() => granted, () => cutOff)
    return new ParkedRequest(known, ({ refusal: error }) => {
      sendAnswer(session, error === null ? { type: MessageType.Unregistered, request } : refusal(MessageType.Unregister, request, error))
    }, () => {})
  }
}
