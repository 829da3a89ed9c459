import { LONGEST_TIMER } from './longest-timer.ts'
import { begin } from './work.ts'
import type { Worker } from './work.ts'

// Timers measure durations, not times: the clock is checked at this interval, because it may be changed.
const LONGEST_TIMER_TO_A_DATE = 10_000

interface Deadline { readonly at: number, readonly expire: () => void, state: 'set' | 'lifted' }

/** Many deadlines with one timer, in a heap with the nearest on top. Deadlines that expire at once are handled in turns. */
export class Deadlines implements Worker {
  readonly #now: () => number
  readonly #longest: number
  readonly #heap: Deadline[] = []
  #timer: NodeJS.Timeout | undefined
  #lifted = 0

  /** `dates` use a clock that may be changed, `durations` a monotonic one; `now` reads it in milliseconds. */
  constructor (kind: 'dates' | 'durations', now: () => number = kind === 'dates' ? Date.now : () => performance.now()) {
    this.#now = now
    this.#longest = kind === 'dates' ? LONGEST_TIMER_TO_A_DATE : LONGEST_TIMER
  }

  /** Calls `expire` at a time, in the milliseconds of `now`. Returns a function that cancels the deadline. */
  add (at: number, expire: () => void): () => void {
    const deadline: Deadline = { at, expire, state: 'set' }
    this.#heap.push(deadline)
    this.#rise(this.#heap.length - 1)
    if (this.#heap[0] === deadline) this.#arm()
    return () => { this.#lift(deadline) }
  }

  /** Handles the next expired deadline. False if there is none. */
  work (): boolean {
    const [next] = this.#heap
    if (next === undefined || (next.state === 'set' && next.at > this.#now())) {
      this.#arm()
      return false
    }
    this.#removeTop()
    if (next.state === 'lifted') {
      this.#lifted--
      return true
    }
    next.state = 'lifted'
    next.expire()
    return true
  }

  /** Cancels all deadlines. */
  close (): void {
    clearTimeout(this.#timer)
    this.#heap.length = 0
  }

  #lift (deadline: Deadline): void {
    if (deadline.state === 'lifted') return
    deadline.state = 'lifted'
    // Canceled ones remain until they reach the top, or until they are the majority.
    if (++this.#lifted * 2 <= this.#heap.length || this.#lifted < 64) return
    this.#dropLifted()
    this.#arm()
  }

  #arm (): void {
    clearTimeout(this.#timer)
    const [next] = this.#heap
    if (next === undefined) return
    this.#timer = setTimeout(() => { begin(this) }, Math.min(Math.max(next.at - this.#now(), 0), this.#longest))
    // Deadlines do not keep the process alive.
    this.#timer.unref()
  }

  #dropLifted (): void {
    let kept = 0
    for (const deadline of this.#heap) if (deadline.state === 'set') this.#heap[kept++] = deadline
    this.#heap.length = kept
    for (let i = (kept >> 1) - 1; i >= 0; i--) this.#sink(i)
    this.#lifted = 0
  }

  #removeTop (): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #rise (i: number): void {
    for (let parent = (i - 1) >> 1; i > 0 && this.#heap[parent]!.at > this.#heap[i]!.at; parent = (i - 1) >> 1) {
      this.#swap(i, parent)
      i = parent
    }
  }

  #sink (i: number): void {
    for (;;) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && this.#heap[child]!.at < this.#heap[least]!.at) least = child
      }
      if (least === i) return
      this.#swap(i, least)
      i = least
    }
  }

  #swap (i: number, j: number): void {
    [this.#heap[i], this.#heap[j]] = [this.#heap[j]!, this.#heap[i]!]
  }
}
