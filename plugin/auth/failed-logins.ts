import { WampError } from '../errors.ts'
import { networkOf } from '../network-of.ts'
import { reasons } from '../protocol/reasons.ts'
import { Queue } from '../queue.ts'
import { Recent } from '../recent.ts'
import type { Attempt } from './authenticator.ts'
import { Unanswered } from './dynamic-authenticator.ts'
import { spellingOf } from './spelling.ts'

/** The maximum number of remembered addresses, authids and cookies, each. The least recent ones are removed, so that guessing does not use more memory. */
const MOST_REMEMBERED = 100_000

/** The number of characters that distinguish names. */
const LONGEST_KEY = 256

/** The delay of a rejection in milliseconds, after half of the limit. */
const DELAY = 1000

/** The limits of failed logins. */
export interface FailedLoginLimits {
  readonly address: number
  readonly authid: number
  readonly cookie: number
  /** Seconds after which the full allowance is restored. */
  readonly recovery: number
}

/** The identity of a client that logs in, as far as a limit counts it. */
export type Guesser = Pick<Attempt, 'transport' | 'authid' | 'pseudonym'>

/** A token bucket: the tokens left, and the time of the last change. */
interface Bucket { left: number, at: number }

/** The running proof checks of one address, authid or cookie, and the waiting ones. */
class Line {
  users = 0
  checking = 0
  readonly waiting = new Queue<() => void>()

  next (): void {
    this.waiting.take()?.()
  }
}

/** Counts failed logins by address, authid and cookie, to stop guessing. */
export class FailedLogins {
  readonly #limits: FailedLoginLimits
  readonly #now: () => number
  readonly #buckets = { address: new Recent<string, Bucket>(MOST_REMEMBERED), authid: new Recent<string, Bucket>(MOST_REMEMBERED), cookie: new Recent<string, Bucket>(MOST_REMEMBERED) }
  /** Buckets are created by failures. Lines are created by every attempt and removed after it. */
  readonly #lines = new Map<string, Line>()

  constructor (limits: FailedLoginLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  /**
   * Begins to check a proof. Returns a function to call after the check, or null if there were too many failures. The number of concurrent
   * checks is limited to the number of failures left. Further checks wait and are not rejected, because their proofs may be correct.
   */
  async begin (guesser: Guesser): Promise<(() => void) | null> {
    const keys = this.#keysOf(guesser).map(([kind, key]) => ({ kind, key, line: this.#enter(kind, key) }))
    const leave = (): void => { for (const { kind, key, line } of keys) this.#leave(kind, key, line) }
    for (let woken: Line | undefined; ;) {
      if (keys.some(({ kind, key }) => this.#left(kind, key) < 1)) {
        leave()
        return null
      }
      const full = keys.find(({ kind, key, line }) => this.#left(kind, key) < line.checking + 1)?.line
      if (full === undefined) break
      // The free place in the line in which it waited goes to the next one.
      if (full !== woken) woken?.next()
      woken = full
      await new Promise<void>((resolve) => { full.waiting.add(resolve) })
    }
    for (const { line } of keys) line.checking++
    let state: 'checking' | 'checked' = 'checking'
    return () => {
      if (state === 'checked') return
      state = 'checked'
      for (const { line } of keys) line.checking--
      leave()
    }
  }

  /** Counts a failure. Returns the delay of the rejection in milliseconds. */
  count (guesser: Guesser): number {
    const delays = this.#keysOf(guesser).map(([kind, key]) => {
      const left = Math.max(0, this.#left(kind, key) - 1)
      this.#buckets[kind].set(key, { left, at: this.#now() })
      return left < this.#limits[kind] / 2 ? DELAY : 0
    })
    return Math.max(0, ...delays)
  }

  #enter (kind: Kind, key: string): Line {
    const name = `${kind} ${key}`
    const line = this.#lines.get(name) ?? new Line()
    this.#lines.set(name, line)
    line.users++
    return line
  }

  #leave (kind: Kind, key: string, line: Line): void {
    if (--line.users === 0) this.#lines.delete(`${kind} ${key}`)
    else line.next()
  }

  #left (kind: Kind, key: string): number {
    const bucket = this.#buckets[kind].get(key)
    const { [kind]: most, recovery } = this.#limits
    if (bucket === undefined) return most
    return Math.min(most, bucket.left + (this.#now() - bucket.at) / (recovery * 1000) * most)
  }

  #keysOf ({ transport: { peer }, authid, pseudonym }: Guesser): [kind: Kind, key: string][] {
    // A method may treat different names as equal.
    const keys: [Kind, string | null | undefined][] = [['address', peer === undefined ? undefined : networkOf(peer)], ['authid', authid === undefined ? undefined : spellingOf(authid)], ['cookie', pseudonym]]
    return keys.flatMap(([kind, key]) => typeof key === 'string' ? [[kind, beginningOf(key)] as [Kind, string]] : [])
  }
}

/** False for an error that means that the proof could not be checked. Any other error may mean that the proof was wrong. */
export function isFailure (error: unknown): boolean {
  if (error instanceof WampError) return error.error !== reasons.tooManyFailedLogins && error.error !== reasons.unavailable
  return !(error instanceof Unanswered) || error.mayBeGuess
}

/** Clients also choose the length of a made-up name. A slice would keep the whole name in memory. */
function beginningOf (name: string): string {
  return name.length <= LONGEST_KEY ? name : Buffer.from(name.slice(0, LONGEST_KEY), 'utf16le').toString('utf16le')
}

type Kind = 'address' | 'authid' | 'cookie'
