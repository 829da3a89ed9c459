import { answersAlways } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType, noDetails } from '../protocol/message.ts'
import type { Call, Dict } from '../protocol/message.ts'
import { passthruOf } from '../protocol/passthru.ts'
import type { Payload } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import { spend } from '../work.ts'
import type { CallWatch } from './call-watch.ts'
import type { Offer, Registration } from './registration.ts'
import type { Disclosure } from './role.ts'
import type { RoutedSession } from './routed-session.ts'

/** Units of work that it takes to invoke a callee. */
const UNITS_OF_INVOCATION = 20

/**
 * What a call waits for: `streaming`, more input of the caller, and the answer; `invoked`, the answer; `interrupted`, what
 * the callee makes of it that the caller has canceled. `abandoned`: the call has ended, but not the procedure of its callee in this process.
 */
export type CallState = 'streaming' | 'invoked' | 'interrupted' | 'abandoned'

/** A call that has not ended. Its options are those of the first CALL [advanced, Progressive Call Invocations]. */
export interface PendingCall {
  readonly caller: RoutedSession
  readonly request: Id
  readonly procedure: Uri
  readonly registration: Registration
  /** True if the caller sends input by and by. */
  readonly progressive: boolean
  /** True if the caller takes results by and by. */
  readonly receiveProgress: boolean
  /** Milliseconds, 0 for none. */
  readonly timeout: number
  /** When its time is over if no result comes before, as `performance.now` counts; 0 for never. */
  readonly due: number
  /** INVOCATION.Details but for what depends on the callee. */
  readonly details: Dict
  /** Who has it, or had it when it ended; null while nobody does. */
  offer: Offer | null
  /** INVOCATION.Request, 0 while there is none. */
  invocation: Id
  state: CallState
  /** Lifts the deadline; undefined where none runs. */
  lift: (() => void) | undefined
  /** What another callee would be invoked with; null where no other one can be. */
  rerouting: { readonly payload: Payload, readonly octets: number, readonly tried: Set<Offer> } | null
  /** Who tells what becomes of it; null if nobody wants to know. */
  readonly watch: CallWatch | null
}

/** INVOCATION.Details as far as they are the same for every callee. */
export function commonDetails ({ procedure, options }: Call, { match }: Registration, caller: RoutedSession, { disclose, trustlevel }: Disclosure): Dict {
  const passthru = passthruOf(options)
  if (match === 'exact' && !disclose && trustlevel === undefined && passthru === null) return noDetails
  return {
    ...(match === 'exact' ? {} : { procedure }),
    ...(disclose ? identityOf(caller) : {}),
    ...(trustlevel === undefined ? {} : { trustlevel }),
    ...passthru
  }
}

/** INVOCATION.Details for the callee that has the call; `progress` if more input will follow. */
export function detailsFor (call: PendingCall, { discloseCaller }: Offer, progress: boolean): Dict {
  spend(UNITS_OF_INVOCATION)
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

/** True if results may come by and by. Clients that can send them and cannot be interrupted are many: they may, too. */
export function takesProgress ({ receiveProgress, offer }: PendingCall): boolean {
  return receiveProgress && offer?.callee.session.features.has('callee.progressive_call_results') === true
}

/** True if the callee watches the time, and not the router [advanced, Call Timeouts]. */
export function isForwarded ({ timeout, offer }: PendingCall): boolean {
  return timeout > 0 && offer?.forwardTimeout === true && offer.callee.session.features.has('callee.call_timeout')
}

/** True if the callee's client can do what the call needs. */
export function isAble ({ features }: RoutedSession, { progressive, details }: PendingCall): boolean {
  return (!progressive || (features.has('callee.progressive_call_invocations') && features.has('callee.call_canceling'))) &&
    (details.ppt_scheme === undefined || features.has('callee.payload_passthru_mode'))
}

/** INVOCATION.Details that tell who calls. */
function identityOf ({ id, principal: { authid, authrole } }: RoutedSession): Dict {
  return { caller: id, caller_authid: authid, caller_authrole: authrole }
}

/** True if the callee can be told that nobody waits for it any more. */
export function isInterruptible ({ offer }: PendingCall): boolean {
  return offer?.callee.session.features.has('callee.call_canceling') === true
}

/** True if the callee will answer although the call has ended: until then its procedure runs, and the invocation keeps its place. */
export function willAnswer ({ offer }: PendingCall): boolean {
  return offer?.callee.state === 'here' && offer.callee.session.features.has(answersAlways)
}

/** Tells the callee that nobody waits for it any more, if it can be told; with `skip`, only one that will answer: its procedure is not interrupted. */
export function interrupt (call: PendingCall, mode: 'kill' | 'killnowait' | 'skip'): void {
  if (isInterruptible(call)) call.offer?.callee.session.send({ type: MessageType.Interrupt, request: call.invocation, options: { mode } })
}

/** Why no callee takes a call: an ERROR's URI and text. */
export function whyNobody ({ registration: { hasBusy }, rerouting }: PendingCall, tried: Set<Offer> | null): [error: Uri, text?: string] {
  if (rerouting !== null) return [reasons.noAvailableCallee]
  if (tried !== null) return [reasons.networkFailure]
  if (hasBusy) return [reasons.noAvailableCallee, 'all callees have reached their concurrency limit']
  return [reasons.networkFailure, 'limits.pendingInvocations: the callee has too many calls to answer, or too many of this caller']
}

/** The error of a call whose invocation, or part of it, did not reach the callee. */
export function errorOf (delivery: Exclude<Delivery, 'sent'>): Uri {
  return delivery === 'unencodable' ? reasons.invalidArgument : reasons.networkFailure
}
