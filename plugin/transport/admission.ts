import { networkOf } from '../network-of.ts'
import { TokenBucket } from '../token-bucket.ts'

/** The connection limits, 0 for no limit. */
export interface AdmissionLimits {
  readonly connectionsOfAddress: number
  readonly upgradesPerSecond: number
}

/** The reason for rejecting a connection: the HTTP status, a text, and the seconds until a retry. */
export interface Rejection {
  readonly status: 429 | 503
  readonly error: string
  readonly retryAfter: number
}

/** Decides who may connect, because after a restart all clients reconnect at once. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #upgrades: TokenBucket | null
  readonly #connections = new Map<string, number>()

  constructor (limits: AdmissionLimits, now?: () => number) {
    this.#limits = limits
    this.#upgrades = limits.upgradesPerSecond === 0 ? null : new TokenBucket(limits.upgradesPerSecond, now)
  }

  /** Admits a client and returns a function to call when it disconnects, or the reason for rejecting it. The address may be unknown. */
  enter (address: string | undefined): Rejection | (() => void) {
    const { connectionsOfAddress } = this.#limits
    const network = address === undefined || connectionsOfAddress === 0 ? null : networkOf(address)
    const count = network === null ? 0 : this.#connections.get(network) ?? 0
    if (network !== null && count >= connectionsOfAddress) {
      return { status: 429, error: 'limits.connectionsOfAddress: this address has too many connections', retryAfter: 10 }
    }
    const wait = this.#upgrades?.tryTake(1) ?? 0
    if (wait > 0) return { status: 503, error: 'limits.upgradesPerSecond: too many connect at once', retryAfter: Math.ceil(wait / 1000) }
    if (network === null) return () => {}
    this.#connections.set(network, count + 1)
    return () => { this.#leave(network) }
  }

  #leave (network: string): void {
    const count = this.#connections.get(network)! - 1
    if (count === 0) this.#connections.delete(network)
    else this.#connections.set(network, count)
  }
}
