import type { ContractChecks } from '../contract/contract-checks.ts'
import { Deadlines } from '../deadlines.ts'
import type { CallOutcome } from '../diagnostics.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Cancel, Dict, ErrorMessage, Result, Yield } from '../protocol/message.ts'
import { packingOf, usesPassthru } from '../protocol/passthru.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { Assignments } from './assignments.ts'
import { forgetRerouting, keepForRerouting, rememberEnded } from './caller.ts'
import type { Caller, DealerLimits } from './caller.ts'
import { commonDetails, interrupt, isAble, isForwarded, isInterruptible, newCall, takesProgress, whyNobody, willAnswer } from './pending-call.ts'
import type { Miss, ServedCall } from './pending-call.ts'
import { refusal, refusalOf } from './refusal.ts'
import type { Offer, PendingCall } from './registration.ts'
import type { Registrations } from './registrations.ts'
import type { CallWatch } from './request-observer.ts'
import type { Disclosure } from './disclosure.ts'
import { errorOf, isUnsuitable, sendAnswer } from './send-answer.ts'
import type { RoutedSession } from './routed-session.ts'

/** Callees that do not read which are tried for a call, before it fails: to try a thousand would take long, for every call. */
const MOST_CONGESTED = 8

/** Routed remote procedure calls within a realm [basic, Remote Procedure Calls]. It has been asked whether the session may. */
export class Dealer {
  readonly #registrations: Registrations
  readonly #assignments: Assignments
  readonly #contract: ContractChecks | null
  readonly #limits: DealerLimits
  readonly #callers = new Map<RoutedSession, Caller>()
  readonly #deadlines = new Deadlines('durations')

  constructor ({ registrations, contract, limits }: { registrations: Registrations, contract: ContractChecks | null, limits: DealerLimits }) {
    this.#registrations = registrations
    this.#assignments = new Assignments({ registrations, limit: limits.pendingInvocations, heldOctets: limits.parkedBytes })
    this.#contract = contract
    this.#limits = limits
  }

  /** True for a CALL that continues a progressive call, or that arrives too late for it. */
  isContinuation (caller: RoutedSession, { request, procedure }: Call): boolean {
    const { calls, ended } = this.#callers.get(caller) ?? {}
    const call = calls?.get(request)
    if (call === undefined) return ended?.has(request) === true
    return call.progressive && call.state !== 'invoked' && call.procedure === procedure
  }

  /** Takes a CALL that is no new one [advanced, Progressive Call Invocations]. True if it was one. */
  resume (caller: RoutedSession, message: Call): boolean {
    const { request, procedure, options: { progress = false }, payload } = message
    if (progress && !caller.features.has('caller.progressive_call_invocations')) {
      throw new ProtocolViolation('CALL.options.progress from a caller that did not announce progressive_call_invocations')
    }
    const call = this.#callers.get(caller)?.calls.get(request)
    if (call === undefined) return this.isContinuation(caller, message)
    if (!call.progressive) throw new ProtocolViolation(`CALL.Request ${request} belongs to a call that has not ended`)
    // What comes after the last input, or after CANCEL, is of no use to anybody.
    if (call.state !== 'streaming' || call.procedure !== procedure) return true
    forgetRerouting(this.#callers.get(caller), call)
    const fault = this.#contract?.call(procedure, message.options, payload) ?? null
    if (fault !== null) {
      this.#giveUp(call, reasons.invalidArgument, fault, true)
      return true
    }
    if (!progress) call.state = 'invoked'
    const delivery = this.#assignments.send(call, call.offer!, payload, progress)
    if (delivery !== 'sent') this.#giveUp(call, errorOf(delivery), undefined, true)
    return true
  }

  /** How many calls are open. */
  get pendingCalls (): number {
    return [...this.#callers.values()].reduce((count, { calls }) => count + calls.size, 0)
  }

  /** Forwards a call that arrived at `arrived`, or just now. `disclosure` is passed to the callee; `watch` receives the outcome. */
  call (caller: RoutedSession, message: Call, disclosure: Disclosure, watch: CallWatch | null = null, arrived?: number): void {
    const { request, procedure, options: { timeout = 0, progress: progressive = false, receive_progress: receiveProgress = false }, payload } = message
    const registration = this.#registrations.best(procedure)
    if (registration === undefined) return this.refuse(caller, message, refusalOf({ request, role: caller.principal.authrole, action: 'call', uri: procedure }, reasons.noSuchProcedure), watch)
    const { calls } = this.#callerOf(caller)
    if (calls.size >= this.#limits.pendingCalls) return this.refuse(caller, message, refusal(MessageType.Call, request, reasons.limitExceeded, 'limits.pendingCalls: this session has too many pending calls'), watch)
    // This decodes the payload, so it is the last check.
    const fault = this.#contract?.call(procedure, message.options, payload) ?? null
    if (fault !== null) return this.refuse(caller, message, refusal(MessageType.Call, request, reasons.invalidArgument, fault), watch)

    const details = commonDetails(message, registration, caller, disclosure)
    const due = timeout === 0 ? 0 : (arrived ?? performance.now()) + timeout
    const call = newCall({ caller, request, procedure, registration, progressive, receiveProgress, timeout, due, details, watch })
    calls.set(request, call)
    this.#invoke(call, payload)
  }

  /**
   * Forwards a call that another node routes to a callee of this one. The caller stands for that node, and CALL.Request is its id there. Returns
   * why the callee does not take it, or `sent`.
   */
  serve (caller: RoutedSession, { request, procedure, registration, callee, details: given, payload }: ServedCall): Miss | 'sent' {
    const offer = registration.offerOf(callee)
    if (offer === undefined || offer.state === 'withdrawn' || offer.callee.state !== 'here') return 'gone'
    if (!this.#assignments.hasRoom(offer, caller)) return 'busy'
    const { progress, ...details } = given
    const progressive = progress === true
    const call = newCall({ caller, request, procedure, registration, progressive, receiveProgress: details.receive_progress === true, timeout: 0, due: 0, details, watch: null })
    const { calls } = this.#callerOf(caller)
    calls.set(request, call)
    this.#assignments.assign(call, offer)
    const delivery = this.#assignments.send(call, offer, payload, progressive)
    if (delivery === 'sent') return delivery
    this.#assignments.unassign(call)
    calls.delete(request)
    return delivery
  }

  /** The node of a callee does not accept an invocation. Another callee is tried, unless it is null what it would be sent. */
  missed (callee: RoutedSession, invocation: Id, payload: Payload | null, why: Miss): void {
    const call = this.#assignments.of(callee, invocation, 'a bounce')
    if (call === undefined) return
    const { request, procedure } = call
    if (call.state === 'abandoned') return this.#assignments.unassign(call)
    if (call.state === 'interrupted') return this.#end(call, refusal(MessageType.Call, request, reasons.canceled))
    if (this.#missed(call, call.offer!, why)) return
    const registration = this.#registrations.best(procedure)
    if (registration === undefined) return this.#end(call, refusal(MessageType.Call, request, reasons.noSuchProcedure))
    if (payload === null) return this.#end(call, refusal(MessageType.Call, request, ...whyNobody(call, why)))
    call.registration = registration
    if (registration.match !== 'exact') call.details = { ...call.details, procedure }
    this.#invoke(call, payload, why)
  }

  /** A callee has received REGISTERED, and gets what was held back for it; or it will not receive that, and the calls of this offer fail. */
  settle (offer: Offer, state: 'open' | 'withdrawn'): void {
    const { callee } = offer
    const { messages } = callee.held ?? { messages: [] }
    callee.held = null
    offer.state = state
    for (const message of messages) {
      const call = callee.invocations.get(message.request)
      const delivery = state === 'open' || call?.offer !== offer ? callee.session.send(message) : 'closed'
      if (delivery !== 'sent' && call !== undefined && message.type === MessageType.Invocation) this.#giveUp(call, errorOf(delivery), undefined, false)
    }
  }

  /** Answers a CALL that becomes no call. If it was begun as progressive, its further input is late, and no new call. */
  refuse (caller: RoutedSession, { request, options: { progress = false } }: Call, answer: ErrorMessage, watch: CallWatch | null): void {
    sendAnswer(caller, answer)
    if (progress) rememberEnded(this.#callerOf(caller), request)
    watch?.end('error', answer.error)
  }

  cancel (caller: RoutedSession, { request, options: { mode = 'killnowait' } }: Cancel): void {
    const call = this.#callers.get(caller)?.calls.get(request)
    if (call === undefined) return // answered meanwhile: RESULT and CANCEL crossed on the wire
    if (mode === 'kill' && isInterruptible(call)) {
      if (call.state !== 'interrupted') interrupt(call, 'kill')
      call.state = 'interrupted'
      return
    }
    this.#end(call, refusal(MessageType.Call, request, reasons.canceled))
    if (mode !== 'skip' || willAnswer(call)) interrupt(call, mode)
  }

  yield (callee: RoutedSession, { request, options, payload }: Yield): void {
    const call = this.#assignments.of(callee, request, 'YIELD')
    const isPassthru = usesPassthru(options)
    if (isPassthru && !callee.features.has('callee.payload_passthru_mode')) {
      throw new ProtocolViolation('YIELD.options.ppt_scheme from a callee that did not announce payload_passthru_mode')
    }
    const progress = options.progress === true
    if (call === undefined) return
    if (!progress) this.#assignments.unassign(call)
    if (call.state === 'abandoned' || (progress && !takesProgress(call))) return
    if (isPassthru && !call.caller.features.has('caller.payload_passthru_mode')) {
      return this.#giveUp(call, reasons.featureNotSupported, 'the caller did not announce payload_passthru_mode', progress)
    }
    const fault = this.#contract?.result(call.procedure, options, payload) ?? null
    if (fault !== null) return this.#giveUp(call, reasons.invalidResult, fault, progress)
    if (progress) return this.#progress(call, { progress, ...packingOf(options) }, payload)
    this.#end(call, { type: MessageType.Result, request: call.request, details: packingOf(options) ?? noDetails, payload })
  }

  /** The callee answers an invocation with ERROR. */
  error (callee: RoutedSession, { request, details, error, payload }: ErrorMessage): void {
    const call = this.#assignments.of(callee, request, 'ERROR')
    if (call === undefined) return
    if (call.state === 'abandoned') return this.#assignments.unassign(call)
    if (error === reasons.unavailable && call.rerouting !== null && callee.features.has('callee.call_reroute')) return this.#reroute(call, call.rerouting)
    this.#assignments.unassign(call)
    this.#end(call, { type: MessageType.Error, requestType: MessageType.Call, request: call.request, details: packingOf(details) ?? noDetails, error, payload })
  }

  /** The session has ended, and its calls end with it on either side, one a step. */
  * forget (session: RoutedSession): Generator<void> {
    for (const call of this.#registrations.callee(session)?.invocations.values() ?? []) {
      this.#end(call, call.caller === session ? null : refusal(MessageType.Call, call.request, reasons.canceled, 'the callee has left'), 'error')
      yield
    }
    for (const call of this.#callers.get(session)?.calls.values() ?? []) {
      this.#end(call, null)
      interrupt(call, 'killnowait')
      yield
    }
    this.#callers.delete(session)
  }

  /** Gives a call to a callee that can take it; ends it if there is none. */
  #invoke (call: PendingCall, payload: Payload, last: Miss | null = null): void {
    const { timeout, progressive } = call
    let congested = 0
    let why = last
    for (let offer = this.#assignments.pick(call); offer !== undefined; offer = this.#assignments.pick(call)) {
      const { session } = offer.callee
      if (!isAble(session, call)) return this.#end(call, refusal(MessageType.Call, call.request, reasons.featureNotSupported))
      this.#assignments.assign(call, offer)
      const delivery = this.#assignments.send(call, offer, payload, progressive)
      if (delivery === 'sent') {
        if (timeout > 0 && !isForwarded(call)) this.#setDeadline(call, call.due)
        if (session.features.has('callee.call_reroute')) keepForRerouting(this.#callerOf(call.caller), call, payload, this.#limits.parkedBytes)
        return
      }
      if (this.#missed(call, offer, delivery)) return
      why = delivery
      if (++congested >= MOST_CONGESTED) break
    }
    this.#end(call, refusal(MessageType.Call, call.request, ...whyNobody(call, why)))
  }

  /** A callee could not take a call. True if no other one can, so that the call has ended. */
  #missed (call: PendingCall, offer: Offer, why: Miss): boolean {
    this.#assignments.unassign(call)
    call.offer = null
    const error = why === 'gone' || why === 'busy' ? reasons.noAvailableCallee : errorOf(why)
    call.watch?.endInvocation('error', error)
    if (why !== 'gone' && why !== 'busy' && isUnsuitable(why)) {
      this.#end(call, refusal(MessageType.Call, call.request, error))
      return true
    }
    call.tried = (call.tried ?? new Set()).add(offer)
    return false
  }

  #progress (call: PendingCall, details: Dict, payload: Payload): void {
    forgetRerouting(this.#callers.get(call.caller), call)
    // The time is that until the next result [advanced, Progressive Call Results].
    if (call.lift !== undefined) this.#setDeadline(call, performance.now() + call.timeout)
    const delivery = call.caller.send({ type: MessageType.Result, request: call.request, details, payload })
    if (isUnsuitable(delivery)) this.#giveUp(call, errorOf(delivery), undefined, true)
  }

  #reroute (call: PendingCall, { payload }: NonNullable<PendingCall['rerouting']>): void {
    this.#registrations.isOffered(call.registration)
    this.#assignments.unassign(call)
    call.watch?.endInvocation('error', reasons.unavailable)
    call.tried = (call.tried ?? new Set()).add(call.offer!)
    call.offer = null
    this.#invoke(call, payload)
  }

  #setDeadline (call: PendingCall, due: number): void {
    call.lift?.()
    call.lift = this.#deadlines.add(due, () => {
      this.#giveUp(call, reasons.timeout, undefined, true)
    })
  }

  /** Ends a call with an error. If part of it did not reach the other side, what follows would make no sense. */
  #giveUp (call: PendingCall, error: Uri, text: string | undefined, interruptsCallee: boolean): void {
    this.#end(call, refusal(MessageType.Call, call.request, error, text))
    if (interruptsCallee) interrupt(call, 'killnowait')
  }

  /** Ends a call: removes it from all tables and sends its final answer, or none if the caller has left. `outcome` is passed to observers instead of the answer. */
  #end (call: PendingCall, answer: Result | ErrorMessage | null, outcome?: CallOutcome): void {
    const { caller, request, watch } = call
    const state = this.#callers.get(caller)
    if (state?.calls.get(request) !== call) return
    state.calls.delete(request)
    forgetRerouting(state, call)
    if (call.progressive && call.state !== 'invoked') rememberEnded(state, request)
    // Its place is free when its procedure has ended: it may ignore that it was interrupted.
    if (willAnswer(call)) call.state = 'abandoned'
    else this.#assignments.unassign(call)
    call.lift?.()
    const delivery = answer === null ? 'sent' : caller.send(answer)
    if (!isUnsuitable(delivery)) return watch?.answered(answer, outcome)
    sendAnswer(caller, refusal(MessageType.Call, request, errorOf(delivery)))
    watch?.end('error', errorOf(delivery))
  }

  #callerOf (session: RoutedSession): Caller {
    let caller = this.#callers.get(session)
    if (caller === undefined) this.#callers.set(session, caller = { calls: new Map(), ended: null, octets: 0 })
    return caller
  }
}
