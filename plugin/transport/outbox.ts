import { goesOnInNextTurn } from '../work.ts'

/** Something that holds what it has to write until the turn of the event loop ends. */
export interface Flushable {
  /** Octets that it holds. */
  readonly queued: number
  flush (): void
}

/** Turns that output waits at most while the work that it comes from goes on. */
const MOST_TURNS = 4
/** As few connections are written to after each turn. */
const FEW = 32
/** Octets that are worth a write of their own. */
const LONG = 16_384

// System calls dominate the cost of a message: what a connection is sent in one turn leaves in one write. nextTick adds
// no latency, since it runs as soon as the code at work is done.
const waiting: Flushable[] = []
let state: 'idle' | 'scheduled' = 'idle'
let turns = 0

/** Has `flush` called once, after the code at work. The caller sees to it that it is asked for once a turn. */
export function flushSoon (flushable: Flushable): void {
  waiting.push(flushable)
  if (state === 'scheduled') return
  state = 'scheduled'
  process.nextTick(flushAll)
}

function flushAll (): void {
  if (++turns < MOST_TURNS && waiting.length > FEW && goesOnInNextTurn()) return flushLong()
  // Flushing may fail a socket, whose session then has others notified: they are appended, and flushed here, too.
  for (let i = 0; i < waiting.length; i++) waiting[i]!.flush()
  waiting.length = 0
  turns = 0
  state = 'idle'
}

/** A burst of publications to many takes several turns: to write to all of them after each turn would cost more than the turns. */
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
