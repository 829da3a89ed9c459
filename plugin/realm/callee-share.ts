import { spend } from '../work.ts'
import type { Callee } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'

/**
 * True if a callee may be given one more call of a caller. While less than half of the limit is used, anybody may call. Above
 * that, a caller may have no more open calls than there is room left: one caller alone stops at half, and others find room.
 * Callers are counted only then.
 */
export function hasShare (callee: Callee, caller: RoutedSession, limit: number): boolean {
  const { invocations: { size } } = callee
  if (size * 2 < limit) return true
  callee.openBy ??= countCallers(callee)
  return size < limit && (callee.openBy.get(caller) ?? 0) <= limit - size
}

/** Counts a call that the callee was given. */
export function addToShare ({ openBy }: Callee, caller: RoutedSession): void {
  openBy?.set(caller, (openBy.get(caller) ?? 0) + 1)
}

/** Counts a call that has ended. Well below the half, nobody is counted any more. */
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
