import type { ContractChecks } from '../contract/contract-checks.ts'
import { Deadlines } from '../deadlines.ts'
import type { CallOutcome } from '../diagnostics.ts'
import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Cancel, Dict, ErrorMessage, Result, Yield } from '../protocol/message.ts'
import { packingOf, usesPassthru } from '../protocol/passthru.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { Delivery } from '../transport/transport.ts'
import { addToShare, hasShare, takeFromShare } from './callee-share.ts'
import { forgetRerouting, keepForRerouting, rememberEnded } from './caller.ts'
import type { Caller, DealerLimits } from './caller.ts'
import { commonDetails, detailsFor, interrupt, isAble, isForwarded, isInterruptible, takesProgress, whyNobody, willAnswer } from './pending-call.ts'
import { refusal, refusalOf } from './refusal.ts'
import type { Offer, PendingCall } from './registration.ts'
import type { Registrations } from './registrations.ts'
import type { CallWatch } from './request-observer.ts'
import type { Disclosure } from './disclosure.ts'
import { errorOf, isUnsuitable, sendAnswer } from './send-answer.ts'
import { sharerOf } from './routed-session.ts'
import type { RoutedSession } from './routed-session.ts'

/** Callees that do not read which are tried for a call, before it fails: to try a thousand would take long, for every call. */
const MOST_CONGESTED = 8

/** Routed remote procedure calls within a realm [basic, Remote Procedure Calls]. It has been asked whether the session may. */
export class Dealer {
  readonly #registrations: Registrations
  readonly #contract: ContractChecks | null
  readonly #limits: DealerLimits
  readonly #callers = new Map<RoutedSession, Caller>()
  #asking: RoutedSession | undefined
  readonly #deadlines = new Deadlines('durations')

  constructor ({ registrations, contract, limits }: { registrations: Registrations, contract: ContractChecks | null, limits: DealerLimits }) {
    this.#registrations = registrations
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
    const delivery = this.#send(call, call.offer!, payload, progress)
    if (delivery !== 'sent') this.#abandon(call, delivery)
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
    const call: PendingCall = {
      caller,
      request,
      procedure,
      registration,
      progressive,
      receiveProgress,
      timeout,
      due: timeout === 0 ? 0 : (arrived ?? performance.now()) + timeout,
      details,
      offer: null,
      invocation: 0,
      state: progressive ? 'streaming' : 'invoked',
      lift: undefined,
      rerouting: null,
      watch
    }
    calls.set(request, call)
    this.#invoke(call, payload, null)
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
    const call = this.#invocation(callee, request, 'YIELD')
    const isPassthru = usesPassthru(options)
    if (isPassthru && !callee.features.has('callee.payload_passthru_mode')) {
      throw new ProtocolViolation('YIELD.options.ppt_scheme from a callee that did not announce payload_passthru_mode')
    }
    const progress = options.progress === true
    if (call === undefined) return
    if (!progress) this.#unassign(call)
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
    const call = this.#invocation(callee, request, 'ERROR')
    if (call === undefined) return
    if (call.state === 'abandoned') return this.#unassign(call)
    if (error === reasons.unavailable && call.rerouting !== null && callee.features.has('callee.call_reroute')) return this.#reroute(call, call.rerouting)
    this.#unassign(call)
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
  #invoke (call: PendingCall, payload: Payload, tried: Set<Offer> | null): void {
    const { timeout, progressive } = call
    let congested = 0
    let delivery: Delivery = 'sent'
    for (let offer = this.#pick(call, tried); offer !== undefined; offer = this.#pick(call, tried)) {
      const { session } = offer.callee
      if (!isAble(session, call)) return this.#end(call, refusal(MessageType.Call, call.request, reasons.featureNotSupported))
      this.#assign(call, offer)
      delivery = this.#send(call, offer, payload, progressive)
      if (delivery === 'sent') {
        if (timeout > 0 && !isForwarded(call)) this.#setDeadline(call, call.due)
        if (session.features.has('callee.call_reroute')) keepForRerouting(this.#callerOf(call.caller), call, payload, this.#limits.parkedBytes)
        return
      }
      this.#unassign(call)
      call.offer = null
      call.watch?.endInvocation('error', errorOf(delivery))
      if (isUnsuitable(delivery)) return this.#end(call, refusal(MessageType.Call, call.request, errorOf(delivery)))
      tried = (tried ?? new Set()).add(offer)
      if (++congested >= MOST_CONGESTED) break
    }
    this.#end(call, refusal(MessageType.Call, call.request, ...whyNobody(call, tried, delivery)))
  }

  #pick ({ caller, registration }: PendingCall, tried: Set<Offer> | null): Offer | undefined {
    this.#asking = caller
    const offer = registration.pick(tried, this.#hasRoom)
    this.#asking = undefined
    return offer
  }

  readonly #hasRoom = ({ open, concurrency, callee }: Offer): boolean => open < concurrency && hasShare(callee, this.#asking!, this.#limits.pendingInvocations)

  #assign (call: PendingCall, offer: Offer): void {
    const { callee } = offer
    callee.lastInvocation = nextId(callee.lastInvocation)
    callee.invocations.set(callee.lastInvocation, call)
    addToShare(callee, call.caller)
    call.registration.begin(offer)
    call.offer = offer
    call.invocation = callee.lastInvocation
    call.watch?.invoke(callee.session, call.invocation)
  }

  #unassign ({ caller, registration, offer, invocation }: PendingCall): void {
    if (offer?.callee.invocations.delete(invocation) !== true) return
    takeFromShare(offer.callee, caller, this.#limits.pendingInvocations)
    registration.end(offer)
  }

  #send (call: PendingCall, offer: Offer, payload: Payload, progress: boolean): Delivery {
    const details = detailsFor(call, offer, progress)
    const told = call.watch === null ? details : call.watch.told(details)
    return offer.callee.session.send({
      type: MessageType.Invocation, request: call.invocation, registration: call.registration.id, details: told, payload, sharer: sharerOf(call.caller)
    })
  }

  #progress (call: PendingCall, details: Dict, payload: Payload): void {
    forgetRerouting(this.#callers.get(call.caller), call)
    // The time is that until the next result [advanced, Progressive Call Results].
    if (call.lift !== undefined) this.#setDeadline(call, performance.now() + call.timeout)
    const delivery = call.caller.send({ type: MessageType.Result, request: call.request, details, payload })
    if (isUnsuitable(delivery)) this.#abandon(call, delivery)
  }

  #reroute (call: PendingCall, { payload, tried }: NonNullable<PendingCall['rerouting']>): void {
    this.#registrations.isOffered(call.registration)
    this.#unassign(call)
    call.watch?.endInvocation('error', reasons.unavailable)
    tried.add(call.offer!)
    call.offer = null
    this.#invoke(call, payload, tried)
  }

  #setDeadline (call: PendingCall, due: number): void {
    call.lift?.()
    call.lift = this.#deadlines.add(due, () => {
      this.#giveUp(call, reasons.timeout, undefined, true)
    })
  }

  /** Part of a call did not reach the other side: what follows would make no sense. */
  #abandon (call: PendingCall, delivery: Exclude<Delivery, 'sent'>): void {
    this.#giveUp(call, errorOf(delivery), undefined, true)
  }

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
    else this.#unassign(call)
    call.lift?.()
    const delivery = answer === null ? 'sent' : caller.send(answer)
    if (!isUnsuitable(delivery)) return watch?.answered(answer, outcome)
    sendAnswer(caller, refusal(MessageType.Call, request, errorOf(delivery)))
    watch?.end('error', errorOf(delivery))
  }

  /** The call of an answer; undefined if it has ended meanwhile. Throws for an invocation that never was. */
  #invocation (session: RoutedSession, id: Id, name: string): PendingCall | undefined {
    const callee = this.#registrations.callee(session)
    if (callee === undefined || id > callee.lastInvocation) throw new ProtocolViolation(`${name} for invocation ${id}, which was never sent`)
    return callee.invocations.get(id)
  }

  #callerOf (session: RoutedSession): Caller {
    let caller = this.#callers.get(session)
    if (caller === undefined) this.#callers.set(session, caller = { calls: new Map(), ended: null, octets: 0 })
    return caller
  }
}
