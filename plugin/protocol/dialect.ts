import { reasons } from './reasons.ts'
import type { Uri } from './uri.ts'

/** Selects the URIs for refused logins and for the answer to GOODBYE: those of the specification, or those of Crossbar.io 26.10. */
export type Dialect = 'wamp' | 'crossbar'

const crossbar: ReadonlyMap<Uri, Uri> = new Map([
  [reasons.goodbyeAndOut, reasons.closeNormal],
  [reasons.authenticationDenied, reasons.notAuthorized],
  [reasons.noSuchPrincipal, reasons.notAuthorized],
  [reasons.authenticationRequired, reasons.noAuthMethod],
  [reasons.noMatchingAuthMethod, reasons.noAuthMethod]
])

/** The URI that a dialect has for a reason of the specification. */
export function reasonIn (dialect: Dialect, reason: Uri): Uri {
  return dialect === 'wamp' ? reason : crossbar.get(reason) ?? reason
}
