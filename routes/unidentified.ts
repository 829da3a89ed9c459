import type { FastifyRequest } from 'fastify'

/** The message of a 401 for a request without a user. */
export type Unidentified = (request: FastifyRequest) => string

/**
 * Returns the message of a 401. Without cookies, only a hook of the app can identify the users of requests. If there is none, every
 * request is refused, so the first one logs a warning.
 */
export function unidentifiedRequests (isTracked: boolean): Unidentified {
  let isLogged = isTracked
  return (request) => {
    if (!isLogged) {
      isLogged = true
      request.log.warn({ option: 'cookie', url: request.routeOptions.url }, 'a request was answered with 401 because nothing identifies its user: set the option cookie, set request.wampPrincipal in an onRequest hook that is added before this route, or let the route act as one user with its option "as"')
    }
    return 'log in first'
  }
}
