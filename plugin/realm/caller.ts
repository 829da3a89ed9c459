import type { Id } from '../protocol/id.ts'
import { Payload } from '../protocol/payload.ts'
import type { PendingCall } from './pending-call.ts'

/** How many ended calls whose input may still be on its way are remembered for each caller. */
const MOST_ENDED = 64

/** What a session does as a caller. */
export interface Caller {
  readonly calls: Map<Id, PendingCall>
  /** Calls that ended before their last input came: what still comes of it is no new call. */
  ended: Set<Id> | null
  /** Octets that its open calls keep for another callee. */
  octets: number
}

/** Remembers a call that ended before its last input came. The oldest are forgotten. */
export function rememberEnded (caller: Caller, request: Id): void {
  caller.ended ??= new Set()
  caller.ended.add(request)
  if (caller.ended.size > MOST_ENDED) caller.ended.delete(caller.ended.values().next().value!)
}

/**
 * Keeps what another callee would be invoked with, unless the calls of this caller would then keep more than so many octets: a
 * call that keeps nothing fails with its callee.
 */
export function keepForRerouting (caller: Caller, call: PendingCall, payload: Payload, most: number): void {
  if (call.rerouting !== null) return
  const isSingle = call.registration.invoke === 'single'
  const octets = isSingle ? 0 : payload.size
  if (caller.octets + octets > most) return
  caller.octets += octets
  call.rerouting = { payload: isSingle ? Payload.empty : payload.detached(), octets, tried: new Set() }
}

/** Lets go of what is kept for another callee: from now on no other one can be invoked. */
export function forgetRerouting (caller: Caller | undefined, call: PendingCall): void {
  if (caller !== undefined) caller.octets -= call.rerouting?.octets ?? 0
  call.rerouting = null
}
