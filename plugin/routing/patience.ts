import { spend } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'

/** Subscribers that are checked in one unit of work. */
const LOOKS_OF_UNIT = 10

/** A publisher that waits for slow subscribers. It waits for one at a time, so that many subscribers do not use more memory. */
export class Patience {
  /** Resolves when it need not wait any longer. Never rejects. */
  readonly over: Promise<void>
  readonly #subscribers: Iterator<RoutedSession>
  readonly #milliseconds: number
  #state: 'waiting' | 'abandoned' = 'waiting'

  private constructor (first: Promise<void>, subscribers: Iterator<RoutedSession>, milliseconds: number) {
    this.#subscribers = subscribers
    this.#milliseconds = milliseconds
    this.over = this.#wait(first)
  }

  /** Null if no subscriber is slow, or if those have been slow for longer than this number of milliseconds. */
  static with (subscribers: Iterator<RoutedSession>, milliseconds: number): Patience | null {
    const first = nextWait(subscribers, milliseconds)
    return first === null ? null : new Patience(first, subscribers, milliseconds)
  }

  /** Called when the publisher has left or canceled. */
  abandon (): void {
    this.#state = 'abandoned'
  }

  async #wait (first: Promise<void>): Promise<void> {
    for (let wait: Promise<void> | null = first; wait !== null && this.#state === 'waiting'; wait = this.#next()) await wait
  }

  #next (): Promise<void> | null {
    return this.#state === 'waiting' ? nextWait(this.#subscribers, this.#milliseconds) : null
  }
}

/** The wait for the next slow subscriber; null if there is none. */
function nextWait (subscribers: Iterator<RoutedSession>, milliseconds: number): Promise<void> | null {
  let wait: Promise<void> | null = null
  let looks = 0
  for (let next = subscribers.next(); next.done !== true; next = subscribers.next()) {
    looks++
    wait = next.value.caughtUp(milliseconds)
    if (wait !== null) break
  }
  spend(looks / LOOKS_OF_UNIT)
  return wait
}
