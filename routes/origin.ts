import { isIP } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** The origins whose pages an endpoint accepts. */
export interface OriginOptions {
  readonly allowedOrigins: readonly string[]
  /** Null for any. */
  readonly allowedHosts: readonly string[] | null
}

/** The maximum number of characters of an Origin and of a Host. Names have at most 253; the time to parse a longer one grows with the square of its length. */
const LONGEST_HOST = 512

/**
 * True for a request that was not made by a page of a foreign origin. Without Origin, it is not from a browser. Otherwise host and port
 * must be this host's own, or the origin must be allowed. `null`, the origin of a sandboxed page, is foreign. A page can make a browser
 * send the user's cookies to any host; only Origin identifies the page.
 */
export function isAllowedOrigin (request: FastifyRequest, { allowedOrigins, allowedHosts }: OriginOptions): boolean {
  const { origin } = request.headers
  if (origin === undefined) return true
  if (allowedOrigins.includes('*') || allowedOrigins.includes(origin)) return true
  if (origin.length > LONGEST_HOST || request.host.length > LONGEST_HOST) return false
  if (!URL.canParse(origin)) return false

  // Most are spelled alike, and need no further parsing.
  if (allowedHosts === null && (origin === `http://${request.host}` || origin === `https://${request.host}`)) return true

  const { protocol, host, hostname } = new URL(origin)
  // The scheme is not compared, because a proxy may have terminated TLS. It only determines the default port.
  const own = `${protocol}//${request.host}`
  return host !== '' && URL.canParse(own) && new URL(own).host === host && (allowedHosts === null || allowedHosts.includes(hostname))
}

/** The text for a page of another origin. */
export const FOREIGN_PAGE = 'pages of this origin are not allowed to do this'

/**
 * An onRequest hook for routes that act with one identity for all clients: with `allowedHosts`, it answers 403 to pages of other origins,
 * with `body`. Without `allowedHosts`, such pages cannot send JSON, unless CORS allows it or their domain resolves to this server.
 */
export function ownPagesOnly (endpoint: OriginOptions, body: object): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  const { allowedHosts } = endpoint
  return async (request, reply) => {
    if (allowedHosts === null || (isAllowedOrigin(request, endpoint) && !isOfStrangersDomain(request, allowedHosts))) return undefined
    return await reply.code(403).header('cache-control', 'no-store').send(body)
  }
}

/**
 * True for a GET that may come from a page whose domain resolves to this server: browsers then send no Origin, but the domain as Host.
 * Addresses and `localhost` are not foreign domains.
 */
function isOfStrangersDomain ({ method, headers, hostname }: FastifyRequest, allowedHosts: readonly string[]): boolean {
  if (headers.origin !== undefined || (method !== 'GET' && method !== 'HEAD')) return false
  const name = hostname.toLowerCase()
  return name !== '' && !allowedHosts.includes(name) && isIP(name.replace(/^\[|\]$/g, '')) === 0 && !/(?:^|\.)localhost$/.test(name)
}
