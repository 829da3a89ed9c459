import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import type { PendingCall } from './registration.ts'

/** The maximum number of ended calls per caller whose input may still be in flight. */
const MOST_ENDED = 64

/** The bounds of calls that sessions may have open. */
export interface DealerLimits {
  readonly pendingCalls: number
  readonly pendingInvocations: number
  /** Octets that the open calls of a session keep so that another callee can have them. */
  readonly parkedBytes: number
}

/** The state of a session as a caller. */
export interface Caller {
  readonly calls: Map<Id, PendingCall>
  /** Calls that ended before their last input arrived. Further input for them is not a new call. */
  ended: Set<Id> | null
  /** The octets that its open calls keep for re-routing. */
  octets: number
}

/** Remembers a call that ended before its last input arrived. The oldest ones are removed. */
export function rememberEnded (caller: Caller, request: Id): void {
  caller.ended ??= new Set()
  caller.ended.add(request)
  if (caller.ended.size > MOST_ENDED) caller.ended.delete(caller.ended.values().next().value!)
}

/**
 * Keeps the payload of a call for re-routing, unless the calls of this caller would then keep more than this number of octets. A call
 * without a kept payload fails with its callee.
 */
export function keepForRerouting (caller: Caller, call: PendingCall, payload: Payload, most: number): void {
  if (call.rerouting !== null) return
  const isSingle = call.registration.invoke === 'single'
  const octets = isSingle ? 0 : payload.size
  if (caller.octets + octets > most) return
  caller.octets += octets
  call.rerouting = { payload: isSingle ? Payload.empty : payload.detached(), octets }
}

/** Releases the payload kept for re-routing. The call can no longer be re-routed. */
export function forgetRerouting (caller: Caller | undefined, call: PendingCall): void {
  if (caller !== undefined) caller.octets -= call.rerouting?.octets ?? 0
  call.rerouting = null
}
