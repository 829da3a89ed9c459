import type { FastifyInstance } from 'fastify'

/**
 * Warns at startup if browsers never send a cookie with this path to a route [RFC 6265, 5.1.4]. This is no error, because a proxy may change
 * the path.
 */
export function warnUnlessSent ({ log, prefix }: Pick<FastifyInstance, 'log' | 'prefix'>, path: string, cookie: { readonly path: string } | null): void {
  const route = `${prefix}${path}`
  if (cookie === null || mayBeSentTo(route, cookie.path)) return
  log.warn({ option: 'cookie.path' }, `browsers do not send a cookie with the path "${cookie.path}" to ${route}: logins by cookie only work there if a proxy changes the path; otherwise set cookie.path to "/"`)
}

/** True if a cookie may be sent. A parameter of the route can have any value. */
function mayBeSentTo (route: string, cookiePath: string): boolean {
  const [literal = ''] = route.split(/[:*]/, 1)
  if (literal !== route && cookiePath.startsWith(literal)) return true
  return route === cookiePath || route.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
