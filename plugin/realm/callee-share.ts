import { spend } from '../work.ts'
import type { Callee } from './registration.ts'
import type { ClientKey, RoutedSession } from './routed-session.ts'

/** A caller, or the client because of which the router calls. */
export type Sharer = RoutedSession | ClientKey

/**
 * True if a callee may receive another call of a caller. Below half of the limit, any caller may call. Above it, a caller may have at most
 * as many open calls as there is capacity left: a single caller stops at half, and others have capacity. Callers are only counted above
 * half of the limit.
 */
export function hasShare (callee: Callee, caller: RoutedSession, limit: number): boolean {
  const { invocations: { size } } = callee
  if (size * 2 < limit) return true
  callee.openBy ??= countCallers(callee)
  return size < limit && (callee.openBy.get(sharerOf(caller)) ?? 0) <= limit - size
}

/** Counts a call that the callee has received. */
export function addToShare ({ openBy }: Callee, caller: RoutedSession): void {
  openBy?.set(sharerOf(caller), (openBy.get(sharerOf(caller)) ?? 0) + 1)
}

/** Counts a call that has ended. Well below half of the limit, callers are no longer counted. */
export function takeFromShare (callee: Callee, caller: RoutedSession, limit: number): void {
  const { openBy } = callee
  if (openBy === null) return
  const sharer = sharerOf(caller)
  const count = (openBy.get(sharer) ?? 0) - 1
  if (count > 0) openBy.set(sharer, count)
  else openBy.delete(sharer)
  if (callee.invocations.size * 4 <= limit) callee.openBy = null
}

function sharerOf (caller: RoutedSession): Sharer {
  return caller.client ?? caller
}

function countCallers ({ invocations }: Callee): Map<Sharer, number> {
  spend(invocations.size)
  const counts = new Map<Sharer, number>()
  for (const { caller } of invocations.values()) counts.set(sharerOf(caller), (counts.get(sharerOf(caller)) ?? 0) + 1)
  return counts
}
