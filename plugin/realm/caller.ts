import type { Id } from '../protocol/id.ts'
import type { PendingCall } from './pending-call.ts'

/** How many ended calls whose input may still be on its way are remembered for each caller. */
const MOST_ENDED = 64

/** What a session does as a caller. */
export interface Caller {
  readonly calls: Map<Id, PendingCall>
  /** Calls that ended before their last input came: what still comes of it is no new call. */
  ended: Set<Id> | null
}

/** Remembers a call that ended before its last input came. The oldest are forgotten. */
export function rememberEnded (caller: Caller, request: Id): void {
  caller.ended ??= new Set()
  caller.ended.add(request)
  if (caller.ended.size > MOST_ENDED) caller.ended.delete(caller.ended.values().next().value!)
}
