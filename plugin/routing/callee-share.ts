import { Shares } from '../shares.ts'
import { spend } from '../work.ts'
import type { Callee } from './registration.ts'
import { sharerOf } from './routed-session.ts'
import type { ClientKey, RoutedSession } from './routed-session.ts'

/**
 * True if a callee may receive another call of a caller. A caller may have at most as many open calls as there is capacity left. Below half
 * of the limit, that is true for any caller, so callers are only counted above it.
 */
export function hasShare (callee: Callee, caller: RoutedSession, limit: number): boolean {
  const { invocations: { size } } = callee
  if (size * 2 < limit) return true
  callee.openBy ??= countCallers(callee)
  return size < limit && callee.openBy.isFair(sharerOf(caller), limit - size)
}

/** Counts a call that the callee has received. */
export function addToShare ({ openBy }: Callee, caller: RoutedSession): void {
  openBy?.add(sharerOf(caller))
}

/** Counts a call that has ended. Well below half of the limit, callers are no longer counted. */
export function takeFromShare (callee: Callee, caller: RoutedSession, limit: number): void {
  callee.openBy?.remove(sharerOf(caller))
  if (callee.invocations.size * 4 <= limit) callee.openBy = null
}

function countCallers ({ invocations }: Callee): Shares<ClientKey> {
  spend(invocations.size)
  const counts = new Shares<ClientKey>()
  for (const { caller } of invocations.values()) counts.add(sharerOf(caller))
  return counts
}
