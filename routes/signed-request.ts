import { createHmac, timingSafeEqual } from 'node:crypto'
import { errors } from '../plugin/errors.ts'

/** How requests are signed. */
export interface SignatureOptions {
  key: string
  secret: string
  /** Seconds by which the clocks may differ. @default 300 */
  tolerance?: number
}

/** Seconds. */
const TOLERANCE = 300
/**
 * How many requests are remembered, so that none counts twice. When more come, the oldest are forgotten, and what is not newer
 * than these is refused: the tolerance shrinks.
 */
const MOST_REMEMBERED = 100_000
/** How many are left then: to forget takes as long as to look at all. */
const LEFT_OF_MOST = 0.9 * MOST_REMEMBERED

/**
 * Checks requests that are signed as Crossbar.io's HTTP bridge has it: by `key`, `timestamp`, `seq`, `nonce` and `signature` in the
 * query, the last of which is HMAC-SHA256 over the others and the body, in Base64 for URLs.
 */
export class SignedRequests {
  readonly #options: Required<SignatureOptions>
  readonly #now: () => number
  /** The signatures that count no more, by the second of their timestamps. */
  readonly #seen = new Map<number, Set<string>>()
  #remembered = 0
  /** The latest second of which something was forgotten: what is not newer may have been made before, whatever the clock says. */
  #forgotten = -Infinity
  /** The second when it was last looked for what to forget. */
  #lookedAt = -Infinity

  constructor ({ key, secret, tolerance = TOLERANCE }: SignatureOptions, now: () => number = Date.now) {
    this.#options = { key, secret, tolerance }
    this.#now = now
  }

  /** What is wrong with a request, or null. Nothing secret is in it. */
  faultOf (query: Readonly<Record<string, unknown>>, body: string): string | null {
    const fields = ['key', 'timestamp', 'seq', 'nonce', 'signature'] as const
    const values = fields.map((field) => query[field])
    const missing = fields.find((_, i) => typeof values[i] !== 'string')
    if (missing !== undefined) return `the request must be signed: "${missing}" is missing`
    const [key, timestamp, seq, nonce, signature] = values as [string, string, string, string, string]
    const { key: expected, secret, tolerance } = this.#options
    const now = this.#now()
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/.test(timestamp) ? Date.parse(timestamp) : NaN
    if (Number.isNaN(time)) return '"timestamp" must be UTC, as 2026-10-14T16:59:51.123Z'
    if (Math.abs(now - time) > tolerance * 1000) return `"timestamp" is more than ${tolerance} seconds off`
    const right = createHmac('sha256', secret).update(key + timestamp + seq + nonce).update(body).digest()
    const given = Buffer.from(signature, 'base64url')
    if (key !== expected || given.length !== right.length || !timingSafeEqual(given, right)) return 'the signature is wrong'
    return this.#faultOfRepetition(Math.floor(time / 1000), right.toString('base64'), Math.floor(now / 1000))
  }

  #faultOfRepetition (second: number, signature: string, now: number): string | null {
    if (now !== this.#lookedAt) this.#forget((other) => other < now - this.#options.tolerance - 1)
    this.#lookedAt = now
    if (second <= this.#forgotten) return '"timestamp" is older than what is remembered: sign the request anew'
    const seen = this.#seen.get(second) ?? new Set()
    if (seen.has(signature)) return 'the request was made before'
    this.#seen.set(second, seen.add(signature))
    if (++this.#remembered > MOST_REMEMBERED) this.#forget(() => this.#remembered > LEFT_OF_MOST)
    return null
  }

  /** Forgets seconds from the oldest on, as long as they are meant. */
  #forget (isMeant: (second: number) => boolean): void {
    for (const second of [...this.#seen.keys()].sort((a, b) => a - b)) {
      if (!isMeant(second)) return
      this.#remembered -= this.#seen.get(second)!.size
      this.#seen.delete(second)
      this.#forgotten = Math.max(this.#forgotten, second)
    }
  }
}

/** The signed requests of one router: bridges with the same key and secret share what they remember, so that no request counts at each of them. */
export class SignatureKeys {
  readonly #known = new Map<string, { readonly requests: SignedRequests, readonly tolerance: number }>()

  /** Throws WAMP_ERR_INVALID_OPTION if the key has another tolerance already. */
  requestsOf ({ key, secret, tolerance = TOLERANCE }: SignatureOptions): SignedRequests {
    const id = JSON.stringify([key, secret])
    const known = this.#known.get(id) ?? { requests: new SignedRequests({ key, secret, tolerance }), tolerance }
    if (known.tolerance !== tolerance) throw new errors.WAMP_ERR_INVALID_OPTION('signature.tolerance', 'must be the same at all bridges with this key')
    this.#known.set(id, known)
    return known.requests
  }
}
