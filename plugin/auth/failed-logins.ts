import { networkOf } from '../network-of.ts'
import { Queue } from '../queue.ts'
import { Recent } from '../recent.ts'
import type { Attempt } from './authenticator.ts'
import { normalize } from './scram.ts'

/** How many addresses, authids and cookies are remembered at most, each. The least recent are forgotten: who guesses cannot make it grow. */
const MOST_REMEMBERED = 100_000

/** Characters by which names are told apart. */
const LONGEST_KEY = 256

/** Milliseconds by which a refusal is held back when half of what is let pass is used up. */
const DELAY = 1000

/** How many failed logins are let pass. */
export interface FailedLoginLimits {
  readonly address: number
  readonly authid: number
  readonly cookie: number
  /** Seconds in which all of these come back. */
  readonly recovery: number
}

/** Who tries to come in, as far as a limit counts it. */
export type Guesser = Pick<Attempt, 'transport' | 'authid' | 'pseudonym'>

/** A token bucket: what is left, and when that was. */
interface Bucket { left: number, at: number }

/** The proofs of one address, authid or cookie that are being checked, and what waits until one of them has been. */
class Line {
  users = 0
  checking = 0
  readonly waiting = new Queue<() => void>()

  next (): void {
    this.waiting.take()?.()
  }
}

/** Counts failed logins by address, authid and cookie, so that nobody can go on guessing. */
export class FailedLogins {
  readonly #limits: FailedLoginLimits
  readonly #now: () => number
  readonly #buckets = { address: new Recent<string, Bucket>(MOST_REMEMBERED), authid: new Recent<string, Bucket>(MOST_REMEMBERED), cookie: new Recent<string, Bucket>(MOST_REMEMBERED) }
  /** A bucket is made by a failure, but a line by any attempt, and lasts no longer. */
  readonly #lines = new Map<string, Line>()

  constructor (limits: FailedLoginLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  /**
   * Begins to check a proof, and returns how to say that it has been checked; null for a guesser that has failed too often.
   * No more proofs are checked at a time than may fail: others wait, and are not refused, since the proofs may be right.
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
      // The room in the line that it waited in is for the next one.
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

  /** Counts a failure. Returns for how many milliseconds the refusal is to be held back. */
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
    // A method may take names that look the same for one.
    const keys: [Kind, string | null | undefined][] = [['address', peer === undefined ? undefined : networkOf(peer)], ['authid', authid === undefined ? undefined : normalize(authid) ?? authid], ['cookie', pseudonym]]
    return keys.flatMap(([kind, key]) => typeof key === 'string' ? [[kind, beginningOf(key)] as [Kind, string]] : [])
  }
}

/** Clients that make up a name choose its length, too. A mere slice would keep the whole name in memory. */
function beginningOf (name: string): string {
  return name.length <= LONGEST_KEY ? name : Buffer.from(name.slice(0, LONGEST_KEY), 'utf16le').toString('utf16le')
}

type Kind = 'address' | 'authid' | 'cookie'
