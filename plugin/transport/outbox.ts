import { goesOnInNextTurn } from '../work.ts'

/** A connection that collects its output until the turn of the event loop ends. */
export interface Flushable {
  /** The collected octets. */
  readonly queued: number
  flush (): void
}

/** The maximum number of turns that output waits while its work continues. */
const MOST_TURNS = 4
/** Up to this number of connections are written to after each turn. */
const FEW = 32
/** Octets that justify a separate write. */
const LONG = 16_384

// System calls dominate the cost of a message: the output of a connection in one turn is written at once. nextTick adds no latency, because
// it runs directly after the current code.
const waiting: Flushable[] = []
let state: 'idle' | 'scheduled' = 'idle'
let turns = 0

/** Calls `flush` once, after the current code. The caller must request it only once per turn. */
export function flushSoon (flushable: Flushable): void {
  waiting.push(flushable)
  if (state === 'scheduled') return
  state = 'scheduled'
  process.nextTick(flushAll)
}

function flushAll (): void {
  if (++turns < MOST_TURNS && waiting.length > FEW && goesOnInNextTurn()) return flushLong()
  // Flushing may fail a socket, whose session then notifies others: they are appended, and flushed here as well.
  for (let i = 0; i < waiting.length; i++) waiting[i]!.flush()
  waiting.length = 0
  turns = 0
  state = 'idle'
}

/** A burst of publications to many subscribers takes several turns: writing to all of them after each turn would cost more than the turns. */
function flushLong (): void {
  setImmediate(flushAll)
  let kept = 0
  for (let i = 0; i < waiting.length; i++) {
    const flushable = waiting[i]!
    if (flushable.queued < LONG) waiting[kept++] = flushable
    else flushable.flush()
  }
  waiting.length = kept
}
