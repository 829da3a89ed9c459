import { createHmac, timingSafeEqual } from 'node:crypto'
import { errors } from '../plugin/errors.ts'
import { defaults } from '../plugin/option-defaults.ts'
import type { BridgeOptions } from '../plugin/options.ts'

/** The parameters of request signatures. `tolerance` is the maximum difference of the clocks. */
export type SignatureOptions = NonNullable<BridgeOptions['signature']>

const { tolerance: TOLERANCE } = defaults.signature
/**
 * The maximum number of remembered requests, so that each is accepted only once. If there are more, the oldest are removed, and requests
 * that are not newer than these are rejected: the tolerance shrinks.
 */
const MOST_REMEMBERED = 100_000
/** The number that is then kept, because removing takes as long as visiting all. */
const LEFT_OF_MOST = 0.9 * MOST_REMEMBERED

/**
 * Verifies requests that are signed as for Crossbar.io's HTTP bridge: by `key`, `timestamp`, `seq`, `nonce` and `signature` in the query.
 * The signature is the HMAC-SHA256 of the others and the body, in URL-safe Base64.
 */
export class SignedRequests {
  readonly #options: Required<SignatureOptions>
  readonly #now: () => number
  /** The used signatures, by the second of their timestamps. */
  readonly #seen = new Map<number, Set<string>>()
  #remembered = 0
  /** The latest second of which signatures were removed: requests that are not newer may be replays, regardless of the clock. */
  #forgotten = -Infinity
  /** The second of the last cleanup. */
  #lookedAt = -Infinity

  constructor ({ key, secret, tolerance = TOLERANCE }: SignatureOptions, now: () => number = Date.now) {
    this.#options = { key, secret, tolerance }
    this.#now = now
  }

  /** The fault of a request, or null. Contains no secrets. */
  faultOf (query: Readonly<Record<string, unknown>>, body: string): string | null {
    const fields = ['key', 'timestamp', 'seq', 'nonce', 'signature'] as const
    const values = fields.map((field) => query[field])
    const missing = fields.find((_, i) => typeof values[i] !== 'string')
    if (missing !== undefined) return `the request must be signed: "${missing}" is missing`
    const [key, timestamp, seq, nonce, signature] = values as [string, string, string, string, string]
    const { key: expected, secret, tolerance } = this.#options
    const now = this.#now()
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/.test(timestamp) ? Date.parse(timestamp) : NaN
    if (Number.isNaN(time)) return '"timestamp" must be a time in UTC, such as 2026-10-14T16:59:51.123Z'
    if (Math.abs(now - time) > tolerance * 1000) return `"timestamp" is more than ${tolerance} seconds off`
    const right = createHmac('sha256', secret).update(key + timestamp + seq + nonce).update(body).digest()
    const given = Buffer.from(signature, 'base64url')
    if (key !== expected || given.length !== right.length || !timingSafeEqual(given, right)) return 'the signature is wrong'
    return this.#faultOfRepetition(Math.floor(time / 1000), right.toString('base64'), Math.floor(now / 1000))
  }

  #faultOfRepetition (second: number, signature: string, now: number): string | null {
    if (now !== this.#lookedAt) this.#forget((other) => other < now - this.#options.tolerance - 1)
    this.#lookedAt = now
    if (second <= this.#forgotten) return '"timestamp" is older than the remembered requests: sign the request again'
    const seen = this.#seen.get(second) ?? new Set()
    if (seen.has(signature)) return 'the request was already received'
    this.#seen.set(second, seen.add(signature))
    if (++this.#remembered > MOST_REMEMBERED) this.#forget(() => this.#remembered > LEFT_OF_MOST)
    return null
  }

  /** Removes seconds, starting with the oldest, while the condition holds. */
  #forget (matches: (second: number) => boolean): void {
    for (const second of [...this.#seen.keys()].sort((a, b) => a - b)) {
      if (!matches(second)) return
      this.#remembered -= this.#seen.get(second)!.size
      this.#seen.delete(second)
      this.#forgotten = Math.max(this.#forgotten, second)
    }
  }
}

/** The signed requests of one router: bridges with the same key and secret share the used signatures, so that a request is accepted by only one of them. */
export class SignatureKeys {
  readonly #known = new Map<string, { readonly requests: SignedRequests, readonly tolerance: number }>()

  /** Throws WAMP_ERR_INVALID_OPTION if the key already has another tolerance. */
  requestsOf ({ key, secret, tolerance = TOLERANCE }: SignatureOptions): SignedRequests {
    const id = JSON.stringify([key, secret])
    const known = this.#known.get(id) ?? { requests: new SignedRequests({ key, secret, tolerance }), tolerance }
    if (known.tolerance !== tolerance) throw new errors.WAMP_ERR_INVALID_OPTION('signature.tolerance', 'must be the same at all bridges with this key')
    this.#known.set(id, known)
    return known.requests
  }
}

/** The length of a signature in Base64, without padding. A shorter text is not a signature, and clients must not be able to hide other parts of a line. */
const LENGTH_OF_SIGNATURE = 43

/** The parts of a signed URL that must not be logged: the query, and the signature, which may also be logged apart from it. */
export function secretsOfSignedUrl (url: string): string[] {
  const query = url.slice(url.indexOf('?'))
  if (!query.startsWith('?')) return []
  const signature = withoutPadding(new URLSearchParams(query).get('signature') ?? '')
  return signature.length < LENGTH_OF_SIGNATURE ? [query] : [query, signature]
}

/** Base64 without its padding. A regular expression for the end of a text would try each position of a long run of `=`. */
function withoutPadding (text: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === '=') end--
  return text.slice(0, end)
}
