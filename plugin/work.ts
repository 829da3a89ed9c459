/**
 * The work caused by clients, counted in units and distributed fairly. A unit is one visited node, one inspected entry, one served
 * subscriber, or 64 octets read, copied or written: about 50 ns. All routers of a process share its event loop, so they share one count.
 */
import { Queue } from './queue.ts'
import { Waiters } from './waiters.ts'

/** Units in one turn, before timers and other sockets are served: about a millisecond. */
export const UNITS_OF_TURN = 20_000
/** Units that one worker may use before the next one is served. */
const UNITS_OF_SHARE = 500
/** Octets that are read, copied or written in the time of one unit. */
export const OCTETS_OF_UNIT = 64
/** Units for a step of a worker, in addition to those that it counts, so that a worker that counts nothing cannot run forever. */
const UNITS_OF_STEP = 1
/** Units for a waiter, in addition to those that it counts. */
const UNITS_OF_WAITER = 500

/** A source of work that waits for its turn, such as a connection. */
export interface Worker {
  /** Does the next piece of work. False if nothing is left. Never throws. */
  work (): boolean
}

interface Waiting { readonly worker: Worker, credit: number }

/** The units left in this turn, and those spent in earlier turns. Numbers in variables would be allocated at each change. */
const counts = new Float64Array([UNITS_OF_TURN, 0])
const LEFT = 0
const EARLIER = 1
let state: 'idle' | 'scheduled' = 'idle'
/** `resting`: the next turn begins one iteration of the event loop later. */
let rest: 'none' | 'resting' = 'none'
/** The current phase. */
let phase: 'workers' | 'waiters' = 'workers'
const queued = new Set<Worker>()
/** Workers that were idle before: one of these is served between two busy ones. */
const fresh = new Queue<Waiting>()
const busy = new Queue<Waiting>()
/** Waiting work without a worker. */
const waiters = new Waiters()

/** Counts units of work that was done or is about to be done. */
export function spend (units: number): void {
  counts[LEFT]! -= units
}

/** Counts octets that are read, copied or written. */
export function spendOctets (octets: number): void {
  spend(octets / OCTETS_OF_UNIT)
}

/** The units spent since the process started. */
export function unitsSpent (): number {
  return counts[EARLIER]! + UNITS_OF_TURN - counts[LEFT]!
}

/** True if the units of this turn are used up: deferrable work should then wait with `enqueue`. */
export function isTurnOver (): boolean {
  const left = counts[LEFT]!
  // If there is little work, a turn ends although its units are not used up, and another one begins.
  if (left < UNITS_OF_TURN / 2) schedule()
  return left <= 0
}

/** True if workers wait because the units of this turn are used up: they continue in the next one. */
export function goesOnInNextTurn (): boolean {
  return counts[LEFT]! <= 0 && queued.size > 0
}

/** Lets a worker do its work in later turns, until nothing is left. No effect if it is queued. */
export function enqueue (worker: Worker): void {
  if (queued.has(worker)) return
  queued.add(worker)
  fresh.add({ worker, credit: 0 })
  schedule()
}

/** Lets a worker do its work: at once as far as the units of this turn allow, and the rest in later turns. */
export function begin (worker: Worker): void {
  while (!isTurnOver()) {
    if (!worker.work()) return
    spend(UNITS_OF_STEP)
  }
  enqueue(worker)
}

/**
 * Resolves when there are units for work without a worker; null if there are some now. `owner` is the beneficiary of the work, such as a
 * connection: owners are served in rotation, regardless of the amount of their work. `whenUnneeded` receives a function to call when nobody
 * needs the work any more: the promise then resolves at once. Otherwise clients that leave at once could add work faster than it gets turns.
 */
export function nextTurn (owner: object, whenUnneeded?: (leave: () => void) => void): Promise<void> | null {
  if (!isTurnOver()) return null
  return new Promise((resolve) => {
    const leave = waiters.add(owner, resolve)
    schedule()
    whenUnneeded?.(leave)
  })
}

function schedule (): void {
  if (state === 'scheduled') return
  state = 'scheduled'
  setImmediate(takeTurn)
}

/**
 * Workers and waiters have separate turns, with half of the units each if there are both. A waiter continues when this callback has ended,
 * so that one is served at a time, while units are left in the turn.
 */
function takeTurn (): void {
  state = 'idle'
  if (isExceededByFar()) return schedule()
  if (phase === 'workers' || counts[LEFT]! <= 0 || waiters.owners === 0) {
    phase = phase === 'workers' && waiters.owners > 0 ? 'waiters' : 'workers'
    counts[EARLIER] = unitsSpent()
    const units = waiters.owners > 0 && queued.size > 0 ? UNITS_OF_TURN / 2 : UNITS_OF_TURN
    counts[EARLIER] -= UNITS_OF_TURN - units
    counts[LEFT] = units
  }
  if (phase === 'waiters') serveWaiter()
  else serveWorkers()
  if (queued.size > 0 || waiters.owners > 0) schedule()
}

/**
 * True if the turn was exceeded by far, as by one heavy message, and timers have not been served since: sockets are read directly before turns,
 * so a message that was just read and one that waits would otherwise be processed without a break.
 */
function isExceededByFar (): boolean {
  rest = rest === 'none' && counts[LEFT]! < -UNITS_OF_TURN ? 'resting' : 'none'
  return rest === 'resting'
}

function serveWaiter (): void {
  const goOn = waiters.take()!
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

/** Serves one worker. Units beyond its share are deducted from its next shares. */
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
  // Checking a worker that is not served.
  spend(1)
  busy.add(waiting)
}
