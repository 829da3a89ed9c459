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
/** Units that a waiter takes, besides those that it counts. */
const UNITS_OF_WAITER = 500

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
let state: 'idle' | 'scheduled' = 'idle'
/** Whose turn it is. */
let phase: 'workers' | 'waiters' = 'workers'
const queued = new Set<Worker>()
/** Workers that had nothing to do before: between two of those that always have, one of these is served. */
const fresh = new Queue<Waiting>()
const busy = new Queue<Waiting>()
/** What waits for its turn without being a worker, by whom it is for, and these in the order in which they are served. */
const waiters = new Map<object, Queue<() => void>>()
const owners = new Queue<object>()

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
  return counts[LEFT]! <= 0 && queued.size > 0
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

/**
 * Resolves when there are units for work that no worker does; null if there are some now. `owner` is whom the work is for, such as a
 * connection: owners are served one after the other, however much each of them waits for.
 */
export function nextTurn (owner: object): Promise<void> | null {
  if (!isTurnOver()) return null
  return new Promise((resolve) => {
    let line = waiters.get(owner)
    if (line === undefined) {
      waiters.set(owner, line = new Queue())
      owners.add(owner)
    }
    line.add(resolve)
    schedule()
  })
}

function schedule (): void {
  if (state === 'scheduled') return
  state = 'scheduled'
  setImmediate(takeTurn)
}

/**
 * Workers and waiters have turns of their own, of half the units while there are both. A waiter goes on when this callback is over, so
 * that one is served at a time, as long as there are units of the turn.
 */
function takeTurn (): void {
  state = 'idle'
  if (phase === 'workers' || counts[LEFT]! <= 0 || waiters.size === 0) {
    phase = phase === 'workers' && waiters.size > 0 ? 'waiters' : 'workers'
    counts[EARLIER] = unitsSpent()
    const units = waiters.size > 0 && queued.size > 0 ? UNITS_OF_TURN / 2 : UNITS_OF_TURN
    counts[EARLIER] -= UNITS_OF_TURN - units
    counts[LEFT] = units
  }
  if (phase === 'waiters') serveWaiter()
  else serveWorkers()
  if (queued.size > 0 || waiters.size > 0) schedule()
}

function serveWaiter (): void {
  const owner = owners.take()!
  const line = waiters.get(owner)!
  const goOn = line.take()!
  if (line.size === 0) waiters.delete(owner)
  else owners.add(owner)
  spend(UNITS_OF_WAITER)
  goOn()
}

function serveWorkers (): void {
  for (let turn = 0; counts[LEFT]! > 0; turn++) {
    const waiting = turn % 2 === 0 ? fresh.take() ?? busy.take() : busy.take() ?? fresh.take()
    if (waiting === undefined) break
    serve(waiting)
  }
}

/** Serves one worker, whose units beyond its share are owed from its next ones. */
function serve (waiting: Waiting): void {
  const { worker } = waiting
  waiting.credit += UNITS_OF_SHARE
  while (waiting.credit > 0 && counts[LEFT]! > 0) {
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
