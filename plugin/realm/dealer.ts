import { nextId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Cancel, Dict, ErrorMessage, Register, RouterMessage, Unregister, Yield } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { isReserved } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { refusal } from './refusal.ts'
import type { RoutedSession } from './routed-session.ts'
import { UriIndex } from './uri-index.ts'

/** A procedure that a callee offers. */
interface Registration {
  readonly id: Id
  readonly uri: Uri
  readonly match: MatchPolicy
  readonly callee: RoutedSession
  readonly discloseCaller: boolean
}

/** A call that has not ended. `interrupted`: the caller canceled it and waits for what the callee makes of that. */
interface PendingCall {
  readonly caller: RoutedSession
  readonly request: Id
  readonly callee: RoutedSession
  readonly invocation: Id
  state: 'invoked' | 'interrupted'
}

/** What a session does as a callee. */
interface Callee {
  lastInvocation: Id
  readonly invocations: Map<Id, PendingCall>
  readonly registrations: Set<Registration>
}

/** Routed remote procedure calls within a realm [basic, Remote Procedure Calls]. It has been asked whether the session may. */
export class Dealer {
  readonly #nextId: () => Id
  readonly #limits: DealerLimits
  readonly #index = new UriIndex<Registration>()
  readonly #registrations = new Map<Id, Registration>()
  readonly #callees = new Map<RoutedSession, Callee>()
  readonly #calls = new Map<RoutedSession, Map<Id, PendingCall>>()

  constructor ({ nextId, limits }: { nextId: () => Id, limits: DealerLimits }) {
    this.#nextId = nextId
    this.#limits = limits
  }

  register (callee: RoutedSession, { request, procedure: uri, options: { match = 'exact', disclose_caller: discloseCaller = false } }: Register): void {
    if (this.#index.get(uri, match) !== undefined) {
      callee.send(refusal(MessageType.Register, request, reasons.procedureAlreadyExists))
      return
    }
    const state = this.#callee(callee)
    if (state.registrations.size >= this.#limits.registrations) {
      callee.send(refusal(MessageType.Register, request, reasons.limitExceeded, 'limits.registrations: this session has too many registrations'))
      return
    }
    const registration: Registration = { id: this.#nextId(), uri, match, callee, discloseCaller }
    this.#index.set(uri, match, registration)
    this.#registrations.set(registration.id, registration)
    state.registrations.add(registration)
    callee.send({ type: MessageType.Registered, request, registration: registration.id })
  }

  unregister (callee: RoutedSession, { request, registration: id }: Unregister): void {
    const registration = this.#registrations.get(id)
    if (registration?.callee !== callee) {
      callee.send(refusal(MessageType.Unregister, request, reasons.noSuchRegistration))
      return
    }
    this.#callees.get(callee)?.registrations.delete(registration)
    this.#remove(registration)
    callee.send({ type: MessageType.Unregistered, request })
  }

  /** Has a procedure invoked. `disclose` tells the callee who calls. */
  call (caller: RoutedSession, { request, procedure, payload }: Call, disclose: boolean): void {
    let calls = this.#calls.get(caller)
    if (calls?.has(request) === true) throw new ProtocolViolation(`CALL.Request ${request} is that of a call which has not ended`)
    const registration = this.#best(procedure)
    if (registration === undefined) return refuse(caller, request, reasons.noSuchProcedure)
    const { callee } = registration
    const state = this.#callee(callee)
    if (calls !== undefined && calls.size >= this.#limits.pendingCalls) return refuse(caller, request, reasons.limitExceeded, 'limits.pendingCalls: this session waits for too many calls')
    if (state.invocations.size >= this.#limits.pendingInvocations) return refuse(caller, request, reasons.networkFailure, 'limits.pendingInvocations: the callee has too many calls to answer')

    const invocation = nextId(state.lastInvocation)
    state.lastInvocation = invocation
    const call: PendingCall = { caller, request, callee, invocation, state: 'invoked' }
    if (calls === undefined) this.#calls.set(caller, calls = new Map())
    calls.set(request, call)
    state.invocations.set(invocation, call)
    const details = invocationDetails(registration, procedure, disclose || registration.discloseCaller ? caller : null)
    const delivery = callee.send({ type: MessageType.Invocation, request: invocation, registration: registration.id, details, payload })
    if (delivery === 'sent') return
    this.#end(call, refusal(MessageType.Call, request, delivery === 'unencodable' ? reasons.invalidArgument : reasons.networkFailure))
  }

  cancel (caller: RoutedSession, { request, options: { mode = 'killnowait' } }: Cancel): void {
    const call = this.#calls.get(caller)?.get(request)
    if (call === undefined) return // answered meanwhile: RESULT and CANCEL crossed on the wire
    const interruptible = call.callee.features.has('callee.call_canceling')
    if (mode === 'kill' && interruptible) {
      if (call.state === 'interrupted') return
      call.state = 'interrupted'
      interrupt(call, 'kill')
      return
    }
    this.#end(call, refusal(MessageType.Call, request, reasons.canceled))
    if (mode !== 'skip' && interruptible) interrupt(call, mode)
  }

  yield (callee: RoutedSession, { request, options, payload }: Yield): void {
    const call = this.#invocation(callee, request, 'YIELD')
    // Nobody is told that there may be progress, so nobody asked for it.
    if (call === undefined || options.progress === true) return
    this.#end(call, { type: MessageType.Result, request: call.request, details: noDetails, payload })
  }

  /** The callee answers an invocation with ERROR. */
  error (callee: RoutedSession, { request, error, payload }: ErrorMessage): void {
    const call = this.#invocation(callee, request, 'ERROR')
    if (call === undefined) return
    this.#end(call, { type: MessageType.Error, requestType: MessageType.Call, request: call.request, details: noDetails, error, payload })
  }

  /** The session has ended: its registrations end with it, and its calls on either side. */
  forget (session: RoutedSession): void {
    const { registrations, invocations } = this.#callees.get(session) ?? {}
    for (const registration of registrations ?? []) this.#remove(registration)
    for (const call of [...invocations?.values() ?? []]) {
      this.#end(call, call.caller === session ? null : refusal(MessageType.Call, call.request, reasons.canceled, 'the callee has left'))
    }
    for (const call of [...this.#calls.get(session)?.values() ?? []]) {
      this.#end(call, null)
      if (call.callee.features.has('callee.call_canceling')) interrupt(call, 'killnowait')
    }
    this.#callees.delete(session)
  }

  /** The one place where a call ends: in all tables at once, with its one final answer, or none for a caller who left. */
  #end (call: PendingCall, answer: RouterMessage | null): void {
    const { caller, request, callee, invocation } = call
    const calls = this.#calls.get(caller)
    if (calls?.get(request) !== call) return
    calls.delete(request)
    if (calls.size === 0) this.#calls.delete(caller)
    this.#callees.get(callee)?.invocations.delete(invocation)
    if (answer === null || caller.send(answer) !== 'unencodable') return
    caller.send(refusal(MessageType.Call, request, reasons.invalidArgument))
  }

  /** The registration that a call goes to. A pattern never gets what is reserved: it could speak for the router. */
  #best (procedure: Uri): Registration | undefined {
    const exact = this.#index.get(procedure, 'exact')
    if (exact !== undefined || isReserved(procedure)) return exact
    return this.#index.longestPrefix(procedure) ?? this.#index.bestWildcard(procedure)
  }

  /** The call of an answer; undefined if it has ended meanwhile. Throws for an invocation that never was. */
  #invocation (callee: RoutedSession, id: Id, name: string): PendingCall | undefined {
    const state = this.#callees.get(callee)
    if (state === undefined || id > state.lastInvocation) throw new ProtocolViolation(`${name} for invocation ${id}, which was never sent`)
    return state.invocations.get(id)
  }

  #callee (session: RoutedSession): Callee {
    let callee = this.#callees.get(session)
    if (callee === undefined) this.#callees.set(session, callee = { lastInvocation: 0, invocations: new Map(), registrations: new Set() })
    return callee
  }

  #remove ({ id, uri, match }: Registration): void {
    this.#index.delete(uri, match)
    this.#registrations.delete(id)
  }
}

/** The bounds of what sessions may have open. */
export interface DealerLimits {
  readonly registrations: number
  readonly pendingCalls: number
  readonly pendingInvocations: number
}

function refuse (caller: RoutedSession, request: Id, error: Uri, text?: string): void {
  caller.send(refusal(MessageType.Call, request, error, text))
}

function interrupt ({ callee, invocation }: PendingCall, mode: 'kill' | 'killnowait'): void {
  callee.send({ type: MessageType.Interrupt, request: invocation, options: { mode } })
}

function invocationDetails ({ match }: Registration, procedure: Uri, disclosed: RoutedSession | null): Dict {
  if (match === 'exact' && disclosed === null) return noDetails
  const caller = disclosed === null ? {} : { caller: disclosed.id, caller_authid: disclosed.principal.authid, caller_authrole: disclosed.principal.authrole }
  return match === 'exact' ? caller : { ...caller, procedure }
}
