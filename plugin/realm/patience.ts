import { spend } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'

/** Subscribers that are looked at in the time of a unit of work. */
const LOOKS_OF_UNIT = 10

/** A publisher that waits for subscribers which are behind. It waits for one after the other, so that many of them take no more memory. */
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

  /** Null if no subscriber is behind, or has been for longer than so many milliseconds. */
  static with (subscribers: Iterator<RoutedSession>, milliseconds: number): Patience | null {
    const first = nextWait(subscribers, milliseconds)
    return first === null ? null : new Patience(first, subscribers, milliseconds)
  }

  /** The publisher has left, or thought better of it. */
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

/** What the next subscriber that is behind is waited for by; null if none is. */
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
