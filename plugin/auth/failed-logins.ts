import { networkOf } from '../network-of.ts'
import type { Attempt } from './authenticator.ts'

/** How many addresses, authids and cookies are remembered, each. The least recent is forgotten: who guesses cannot make it grow. */
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

/** Counts failed logins by address, authid and cookie, so that nobody can go on guessing. */
export class FailedLogins {
  readonly #limits: FailedLoginLimits
  readonly #now: () => number
  readonly #buckets = { address: new Map<string, Bucket>(), authid: new Map<string, Bucket>(), cookie: new Map<string, Bucket>() }

  constructor (limits: FailedLoginLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  /** True for who has failed too often: it is not even asked for a proof. */
  isRefused (guesser: Guesser): boolean {
    return this.#keysOf(guesser).some(([kind, key]) => this.#left(kind, key) < 1)
  }

  /** Counts a failure. Returns for how many milliseconds the refusal is to be held back. */
  count (guesser: Guesser): number {
    const delays = this.#keysOf(guesser).map(([kind, key]) => {
      const left = Math.max(0, this.#left(kind, key) - 1)
      const buckets = this.#buckets[kind]
      buckets.delete(key)
      buckets.set(key, { left, at: this.#now() })
      if (buckets.size > MOST_REMEMBERED) buckets.delete(buckets.keys().next().value!)
      return left < this.#limits[kind] / 2 ? DELAY : 0
    })
    return Math.max(0, ...delays)
  }

  #left (kind: Kind, key: string): number {
    const bucket = this.#buckets[kind].get(key)
    const { [kind]: most, recovery } = this.#limits
    if (bucket === undefined) return most
    return Math.min(most, bucket.left + (this.#now() - bucket.at) / (recovery * 1000) * most)
  }

  #keysOf ({ transport: { peer }, authid, pseudonym }: Guesser): [kind: Kind, key: string][] {
    const keys: [Kind, string | null | undefined][] = [['address', peer === undefined ? undefined : networkOf(peer)], ['authid', authid], ['cookie', pseudonym]]
    // Who makes up a name chooses its length, too.
    return keys.flatMap(([kind, key]) => typeof key === 'string' ? [[kind, key.slice(0, LONGEST_KEY)] as [Kind, string]] : [])
  }
}

type Kind = 'address' | 'authid' | 'cookie'
