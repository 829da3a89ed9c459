import { reasons } from './reasons.ts'
import type { Uri } from './uri.ts'

const statuses: ReadonlyMap<Uri, number> = new Map(Object.entries({
  [reasons.invalidUri]: 400,
  [reasons.invalidArgument]: 400,
  [reasons.notAuthorized]: 403,
  [reasons.discloseMeDisallowed]: 403,
  [reasons.optionNotAllowed]: 403,
  [reasons.noSuchProcedure]: 404,
  [reasons.noSuchRegistration]: 404,
  [reasons.noSuchSubscription]: 404,
  [reasons.noSuchSession]: 404,
  [reasons.notFound]: 404,
  [reasons.conflict]: 409,
  [reasons.procedureAlreadyExists]: 409,
  [reasons.payloadSizeExceeded]: 413,
  [reasons.limitExceeded]: 429,
  [reasons.featureNotSupported]: 501,
  // The fault is the callee's, not this server's.
  [reasons.invalidResult]: 502,
  [reasons.networkFailure]: 502,
  [reasons.canceled]: 502,
  [reasons.unavailable]: 503,
  [reasons.noAvailableCallee]: 503,
  [reasons.timeout]: 504
}))

const uris: Readonly<Record<number, Uri>> = {
  401: reasons.notAuthorized,
  403: reasons.notAuthorized,
  404: reasons.notFound,
  409: reasons.conflict,
  410: reasons.notFound,
  413: reasons.payloadSizeExceeded,
  429: reasons.limitExceeded,
  503: reasons.unavailable,
  504: reasons.timeout
}

/** The HTTP status of an error. The app's own errors have 422: the request was understood, but could not be processed. */
export function statusOf (error: Uri): number {
  return statuses.get(error) ?? (error.startsWith('wamp.') || error.startsWith('fastify_wamp.') ? 500 : 422)
}

/** The error for an HTTP status of 400 or more. */
export function errorOfStatus (status: number): Uri {
  return uris[status] ?? (status < 500 ? reasons.invalidArgument : reasons.runtimeError)
}
