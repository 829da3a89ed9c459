import type { Uri } from '../protocol/uri.ts'
import type { Disclosure } from '../routing/disclosure.ts'

/** The result of authorizing a request on a URI: `refusal` is the ERROR's URI, or null. */
export interface Verdict extends Disclosure {
  readonly refusal: Uri | null
  readonly forceReregister: boolean
}

/** A verdict that denies the request. */
export function refused (refusal: Uri): Verdict {
  return { refusal, disclose: false, trustlevel: undefined, forceReregister: false }
}

/** The verdict that allows the request and discloses nothing. */
export const granted: Verdict = { refusal: null, disclose: false, trustlevel: undefined, forceReregister: false }
