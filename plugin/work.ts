/**
 * The work that clients cause, counted in units and shared out fairly. A unit is one node visited, one entry looked at, one
 * subscriber served, or 64 octets read, copied or written: about 50 ns each. All routers of a process share its event loop, so
 * there is one count for all of them.
 */
import { Queue } from './queue.ts'

/** Units that are done in one turn, before timers and other sockets are served: about a millisecond. */
export const UNITS_OF_TURN = 20_000
/** Units that one worker may use before the next one is served. */
const UNITS_OF_SHARE = 500
/** Octets that are read, copied or written in the time of a unit. */
export const OCTETS_OF_UNIT = 64
/** Units of a step of a worker, besides those that it counts: none may go on for ever that counts nothing. */
const UNITS_OF_STEP = 1

/** Something with work that waits for its turn, such as a connection. */
export interface Worker {
  /** Does the next piece of work. False if nothing is left. Never throws. */
  work (): boolean
}

interface Waiting { readonly worker: Worker, credit: number }

/** Units that are left of this turn, and those spent in earlier ones. Numbers in variables would be allocated at each change. */
const counts = new Float64Array([UNITS_OF_TURN, 0])
const LEFT = 0
const EARLIER = 1
/** Units of this turn that are not for workers. */
let kept = 0
let state: 'idle' | 'scheduled' = 'idle'
const queued = new Set<Worker>()
/** Workers that had nothing to do before: between two of those that always have, one of these is served. */
const fresh = new Queue<Waiting>()
const busy = new Queue<Waiting>()
/** What waits for its turn without being a worker: one is served in each turn. */
const waiters = new Queue<() => void>()

/** Counts units of work, done or about to be done. */
export function spend (units: number): void {
  counts[LEFT]! -= units
}

/** Counts octets that are read, copied or written. */
export function spendOctets (octets: number): void {
  spend(octets / OCTETS_OF_UNIT)
}

/** Units spent since the process started. */
export function unitsSpent (): number {
  return counts[EARLIER]! + UNITS_OF_TURN - counts[LEFT]!
}

/** True if the units of this turn are used up: what can wait then waits by `enqueue`. */
export function isTurnOver (): boolean {
  const left = counts[LEFT]!
  // Where there is little to do, a turn ends although its units are not used up: another one begins when it has.
  if (left < UNITS_OF_TURN / 2) schedule()
  return left <= 0
}

/** True if workers wait because the units of this turn are used up: they go on in the next one. */
export function goesOnInNextTurn (): boolean {
  return !hasUnits() && queued.size > 0
}

/** Has a worker do its work in later turns, until it has nothing left. No effect if it is queued. */
export function enqueue (worker: Worker): void {
  if (queued.has(worker)) return
  queued.add(worker)
  fresh.add({ worker, credit: 0 })
  schedule()
}

/** Has a worker do its work: at once as far as the units of this turn go, and the rest in later turns. */
export function begin (worker: Worker): void {
  while (!isTurnOver()) {
    if (!worker.work()) return
    spend(UNITS_OF_STEP)
  }
  enqueue(worker)
}

/** Resolves when there are units for work that no worker does; null if there are some now. */
export function nextTurn (): Promise<void> | null {
  if (!isTurnOver()) return null
  return new Promise((resolve) => {
    waiters.add(resolve)
    schedule()
  })
}

function schedule (): void {
  if (state === 'scheduled') return
  state = 'scheduled'
  setImmediate(takeTurn)
}

/** Workers first. Where something else waits they leave it half of the turn: it runs when this callback is over. */
function takeTurn (): void {
  state = 'idle'
  counts[EARLIER] = unitsSpent()
  counts[LEFT] = UNITS_OF_TURN
  kept = waiters.size > 0 ? UNITS_OF_TURN / 2 : 0
  for (let turn = 0; hasUnits(); turn++) {
    const waiting = turn % 2 === 0 ? fresh.take() ?? busy.take() : busy.take() ?? fresh.take()
    if (waiting === undefined) break
    serve(waiting)
  }
  waiters.take()?.()
  if (queued.size > 0 || waiters.size > 0) schedule()
}

/** True if there are units of this turn for workers. */
function hasUnits (): boolean {
  return counts[LEFT]! > kept
}

/** Serves one worker, whose units beyond its share are owed from its next ones. */
function serve (waiting: Waiting): void {
  const { worker } = waiting
  waiting.credit += UNITS_OF_SHARE
  while (waiting.credit > 0 && hasUnits()) {
    const before = counts[LEFT]!
    if (!worker.work()) {
      queued.delete(worker)
      return
    }
    if (counts[LEFT] === before) spend(UNITS_OF_STEP)
    waiting.credit -= before - counts[LEFT]!
  }
  // A look at a worker that is not served.
  spend(1)
  busy.add(waiting)
}
