import { answersAlways } from '../protocol/features.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Dict, Interrupt } from '../protocol/message.ts'
import { packingOf } from '../protocol/passthru.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import { spend } from '../work.ts'
import type { Offer, PendingCall, Registration } from './registration.ts'
import type { Disclosure } from './disclosure.ts'
import type { RoutedSession } from './routed-session.ts'

/** The units of work of an invocation. */
const UNITS_OF_INVOCATION = 20

/** A call of another node, which has chosen the callee. */
export interface ServedCall extends Pick<PendingCall, 'request' | 'procedure' | 'registration' | 'details'> {
  readonly callee: RoutedSession
  readonly payload: Payload
}

/** A call that no callee has so far. */
export function newCall ({ caller, request, procedure, registration, progressive, receiveProgress, timeout, due, details, watch }:
Pick<PendingCall, 'caller' | 'request' | 'procedure' | 'registration' | 'progressive' | 'receiveProgress' | 'timeout' | 'due' | 'details' | 'watch'>): PendingCall {
  return {
    caller,
    request,
    procedure,
    registration,
    progressive,
    receiveProgress,
    timeout,
    due,
    details,
    offer: null,
    invocation: 0,
    state: progressive ? 'streaming' : 'invoked',
    lift: undefined,
    tried: null,
    rerouting: null,
    watch
  }
}

/** The part of INVOCATION.Details that is the same for every callee. */
export function commonDetails ({ procedure, options }: Call, { match }: Registration, caller: RoutedSession, { disclose, trustlevel }: Disclosure): Dict {
  const packing = packingOf(options)
  if (match === 'exact' && !disclose && trustlevel === undefined && packing === null) return noDetails
  return {
    ...(match === 'exact' ? {} : { procedure }),
    ...(disclose ? identityOf(caller) : {}),
    ...(trustlevel === undefined ? {} : { trustlevel }),
    ...packing
  }
}

/** The INVOCATION.Details for the callee. `progress` is true if more input will follow. */
export function detailsFor (call: PendingCall, offer: Offer, progress: boolean): Dict {
  spend(UNITS_OF_INVOCATION)
  // The node of a caller has made the details.
  const discloseCaller = offer.discloseCaller && call.caller.node === undefined
  const receiveProgress = takesProgress(call)
  const timeout = isForwarded(call) ? call.timeout : 0
  if (!progress && !receiveProgress && timeout === 0 && !discloseCaller) return call.details
  return {
    ...call.details,
    ...(discloseCaller ? identityOf(call.caller) : {}),
    ...(progress ? { progress } : {}),
    ...(receiveProgress ? { receive_progress: true } : {}),
    ...(timeout === 0 ? {} : { timeout })
  }
}

/** True if the callee may send progressive results. Many clients can send them but cannot be interrupted, so that is not required. */
export function takesProgress ({ receiveProgress, offer }: PendingCall): boolean {
  return receiveProgress && offer?.callee.session.features.has('callee.progressive_call_results') === true
}

/** True if the callee enforces the timeout instead of the router [advanced, Call Timeouts]. */
export function isForwarded ({ timeout, offer }: PendingCall): boolean {
  return timeout > 0 && offer?.forwardTimeout === true && offer.callee.session.features.has('callee.call_timeout')
}

/** True if the callee supports the features that the call needs. */
export function isAble ({ features }: RoutedSession, { progressive, details }: PendingCall): boolean {
  return (!progressive || (features.has('callee.progressive_call_invocations') && features.has('callee.call_canceling'))) &&
    (details.ppt_scheme === undefined || features.has('callee.payload_passthru_mode'))
}

/** The INVOCATION.Details that disclose the caller. */
function identityOf ({ id, principal: { authid, authrole } }: RoutedSession): Dict {
  return { caller: id, caller_authid: authid, caller_authrole: authrole }
}

/** True if the callee can be interrupted. */
export function isInterruptible ({ offer }: PendingCall): boolean {
  return offer?.callee.session.features.has('callee.call_canceling') === true
}

/** True if the callee will respond although the call has ended. Its procedure runs until then, and the invocation keeps its place. */
export function willAnswer ({ offer }: PendingCall): boolean {
  return offer?.callee.state === 'here' && offer.callee.session.features.has(answersAlways)
}

/** Interrupts the callee, if it supports that. With `skip`, only a callee that will respond is informed, and its procedure is not interrupted. */
export function interrupt (call: PendingCall, mode: 'kill' | 'killnowait' | 'skip'): void {
  if (call.offer === null || !isInterruptible(call)) return
  const { held, session } = call.offer.callee
  const message: Interrupt = { type: MessageType.Interrupt, request: call.invocation, options: { mode } }
  if (held === null) session.send(message)
  else held.messages.push(message)
}

/** Why a callee does not have a call that was meant for it: its node says that it is gone, or busy, or the message was not sent. */
export type Miss = Exclude<Delivery, 'sent'> | 'gone' | 'busy'

/** The reason why no callee accepts a call: the URI and text of an ERROR. `last` is the fate of the last attempt; null if there was none. */
export function whyNobody ({ registration: { hasBusy }, rerouting, tried }: PendingCall, last: Miss | null): [error: Uri, text?: string] {
  if (last === 'full') return [reasons.limitExceeded, 'limits.heldBytes: the procedures of the app hold too many values, in total or for this caller']
  if (rerouting !== null) return [reasons.noAvailableCallee]
  if (last === 'gone') return [reasons.noSuchProcedure]
  if (tried !== null && last !== 'busy') return [reasons.networkFailure]
  if (hasBusy || last === 'busy') return [reasons.noAvailableCallee, 'all callees have reached their concurrency limit']
  return [reasons.networkFailure, 'limits.pendingInvocations: the callee has too many open calls, in total or from this caller']
}
