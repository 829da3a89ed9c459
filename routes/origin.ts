import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Whose pages an endpoint lets in. */
export interface OriginOptions {
  readonly allowedOrigins: readonly string[]
  /** Null for any. */
  readonly allowedHosts: readonly string[] | null
}

/**
 * True for a request that no page of a foreign origin made: without Origin it is no browser, otherwise host and port
 * must be this host's own, or the origin must be allowed. `null`, the origin of a sandboxed page, is foreign.
 * A page can have a browser send the user's cookies to any host; Origin is what tells it apart.
 */
export function isAllowedOrigin (request: FastifyRequest, { allowedOrigins, allowedHosts }: OriginOptions): boolean {
  const { origin } = request.headers
  if (origin === undefined) return true
  if (allowedOrigins.includes('*') || allowedOrigins.includes(origin)) return true
  if (!URL.canParse(origin)) return false

  const { protocol, host, hostname } = new URL(origin)
  // The scheme is not compared: a proxy in front may have ended TLS. It only says which port may be left out.
  const own = `${protocol}//${request.host}`
  return host !== '' && URL.canParse(own) && new URL(own).host === host && (allowedHosts === null || allowedHosts.includes(hostname))
}

/** What a page of another origin is told. */
export const FOREIGN_PAGE = 'pages of this origin are not allowed to do this'

/**
 * An onRequest hook for routes that act in one name for everybody: with `allowedHosts`, it answers 403 to pages of other origins, with
 * `body`. Without `allowedHosts` such pages cannot send JSON, unless CORS allows it or their domain is made to point here.
 */
export function ownPagesOnly (endpoint: OriginOptions, body: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const { allowedHosts } = endpoint
  return async (request, reply) => {
    if (allowedHosts === null || (isAllowedOrigin(request, endpoint) && !isOfStrangersDomain(request, allowedHosts))) return undefined
    return await reply.code(403).header('cache-control', 'no-store').send(body)
  }
}

/**
 * True for a GET that may be of a page whose domain is made to point here: browsers send no Origin with it then, but the domain as Host.
 * Addresses and `localhost` are no domain of a stranger.
 */
function isOfStrangersDomain ({ method, headers, hostname }: FastifyRequest, allowedHosts: readonly string[]): boolean {
  if (headers.origin !== undefined || (method !== 'GET' && method !== 'HEAD')) return false
  const name = hostname.toLowerCase()
  return name !== '' && !allowedHosts.includes(name) && isIP(name.replace(/^\[|\]$/g, '')) === 0 && !/(?:^|\.)localhost$/.test(name)
}
