import { Queue } from './queue.ts'

/** `goOn` is null once it has been taken, or has left. */
interface Waiter { goOn: (() => void) | null }

/** The waiters of one owner. The line is over, and has no owner, when `needed` of them is 0. */
interface Line { owner: object | null, readonly waiters: Queue<Waiter>, needed: number }

/** Callbacks that wait, each for an owner. The owners are served in rotation, regardless of the number of their waiters. */
export class Waiters {
  readonly #lines = new Map<object, Line>()
  /** The lines in the order of service. Those that are over are skipped. */
  readonly #order = new Queue<Line>()

  /** The number of owners with a waiter. */
  get owners (): number {
    return this.#lines.size
  }

  /** Lets a callback wait. Returns a function by which it leaves: it is then called at once, and neither it nor its owner is kept. */
  add (owner: object, goOn: () => void): () => void {
    const waiter: Waiter = { goOn }
    const line = this.#lineOf(owner)
    line.waiters.add(waiter)
    line.needed++
    return () => { this.#end(line, waiter)?.() }
  }

  /** Removes and returns the next callback; undefined if there is none. */
  take (): (() => void) | undefined {
    for (let line = this.#order.take(); line !== undefined; line = this.#order.take()) {
      const waiter = nextOf(line)
      if (waiter === undefined) continue
      const goOn = this.#end(line, waiter)!
      if (line.needed > 0) this.#order.add(line)
      return goOn
    }
    return undefined
  }

  #lineOf (owner: object): Line {
    let line = this.#lines.get(owner)
    if (line === undefined) {
      this.#lines.set(owner, line = { owner, waiters: new Queue(), needed: 0 })
      this.#order.add(line)
    }
    return line
  }

  /** A waiter does not wait any more. Returns its callback, or null if it did not wait. */
  #end (line: Line, waiter: Waiter): (() => void) | null {
    const { goOn } = waiter
    if (goOn === null) return null
    waiter.goOn = null
    if (--line.needed > 0) return goOn
    this.#lines.delete(line.owner!)
    line.owner = null
    line.waiters.clear()
    if (this.#lines.size === 0) this.#order.clear()
    return goOn
  }
}

/** The first waiter of a line that has not left; undefined if it is over. */
function nextOf ({ waiters }: Line): Waiter | undefined {
  let waiter = waiters.take()
  while (waiter?.goOn === null) waiter = waiters.take()
  return waiter
}
