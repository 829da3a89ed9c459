import { spend } from '../work.ts'
import type { Callee } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'

/**
 * True if a callee may receive another call of a caller. Below half of the limit, any caller may call. Above it, a caller may have at most
 * as many open calls as there is capacity left: a single caller stops at half, and others have capacity. Callers are only counted above
 * half of the limit.
 */
export function hasShare (callee: Callee, caller: RoutedSession, limit: number): boolean {
  const { invocations: { size } } = callee
  if (size * 2 < limit) return true
  callee.openBy ??= countCallers(callee)
  return size < limit && (callee.openBy.get(caller) ?? 0) <= limit - size
}

/** Counts a call that the callee has received. */
export function addToShare ({ openBy }: Callee, caller: RoutedSession): void {
  openBy?.set(caller, (openBy.get(caller) ?? 0) + 1)
}

/** Counts a call that has ended. Well below half of the limit, callers are no longer counted. */
export function takeFromShare (callee: Callee, caller: RoutedSession, limit: number): void {
  const { openBy } = callee
  if (openBy === null) return
  const count = (openBy.get(caller) ?? 0) - 1
  if (count > 0) openBy.set(caller, count)
  else openBy.delete(caller)
  if (callee.invocations.size * 4 <= limit) callee.openBy = null
}

function countCallers ({ invocations }: Callee): Map<RoutedSession, number> {
  spend(invocations.size)
  const counts = new Map<RoutedSession, number>()
  for (const { caller } of invocations.values()) counts.set(caller, (counts.get(caller) ?? 0) + 1)
  return counts
}
