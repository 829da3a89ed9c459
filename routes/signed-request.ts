import { createHmac, timingSafeEqual } from 'node:crypto'

/** How requests are signed. */
export interface SignatureOptions {
  key: string
  secret: string
  /** Seconds by which the clocks may differ. @default 300 */
  tolerance?: number
}

/** Of how many requests within the tolerance it is remembered that they came: none counts twice. */
const MOST_REMEMBERED = 100_000

/**
 * Checks requests that are signed as Crossbar.io's HTTP bridge has it: by `key`, `timestamp`, `seq`, `nonce` and `signature` in the
 * query, the last of which is HMAC-SHA256 over the others and the body, in Base64 for URLs.
 */
export class SignedRequests {
  readonly #options: Required<SignatureOptions>
  readonly #now: () => number
  /** Signatures, by when they were seen. */
  readonly #seen = new Map<string, number>()

  constructor ({ key, secret, tolerance = 300 }: SignatureOptions, now: () => number = Date.now) {
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
    return this.#isRepeated(right.toString('hex'), now) ? 'the request was made before' : null
  }

  #isRepeated (signature: string, now: number): boolean {
    for (const [earlier, seen] of this.#seen) {
      if (now - seen <= 2 * this.#options.tolerance * 1000 && this.#seen.size <= MOST_REMEMBERED) break
      this.#seen.delete(earlier)
    }
    if (this.#seen.has(signature)) return true
    this.#seen.set(signature, now)
    return false
  }
}
