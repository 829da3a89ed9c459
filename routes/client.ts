import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import { clientFiles } from '#client-files'
import { errors } from '../plugin/errors.ts'

const { version } = createRequire(import.meta.url)('fastify-wamp/package.json') as { version: string }

/**
 * Mounts the client for browsers: its module at `path`, and those of further serializers in the same folder, each with its source map.
 * Throws WAMP_ERR_INVALID_OPTION for a path that is taken.
 */
export async function clientRoutes (fastify: FastifyInstance, { path }: { path: string }): Promise<void> {
  const files = await clientFiles()
  for (const [suffix, name] of [['', 'client'], ['-cbor', 'cbor'], ['-msgpack', 'msgpack']] as const) {
    const url = path.replace(/\.js$/, `${suffix}.js`)
    // Relative: a proxy in front may have taken a prefix away.
    const map = `${encodeURIComponent(url.slice(url.lastIndexOf('/') + 1))}.map`
    serve(fastify, url, 'text/javascript; charset=utf-8', `${files.get(`${name}.js`)!}\n//# sourceMappingURL=${map}\n`)
    serve(fastify, `${url}.map`, 'application/json; charset=utf-8', files.get(`${name}.js.map`)!)
  }
}

/** A file that browsers ask for again each time, unless its URL names this version. */
function serve (fastify: FastifyInstance, url: string, type: string, text: string): void {
  if (fastify.hasRoute({ method: 'GET', url: `${fastify.prefix}${url}` })) throw new errors.WAMP_ERR_INVALID_OPTION('client', `must be a free path: there is already a route at ${fastify.prefix}${url}`)
  const tag = createHash('sha256').update(text).digest('base64url')
  fastify.get<{ Querystring: { v?: unknown } }>(url, async ({ query: { v }, headers }, reply) => {
    reply.headers({ etag: `"${tag}"`, 'cache-control': v === version ? 'public, max-age=31536000, immutable' : 'no-cache', 'x-content-type-options': 'nosniff' })
    // Proxies that compress add to the tag: `W/"…"`, `"…-gzip"`.
    if (headers['if-none-match']?.includes(tag) === true) return await reply.code(304).send()
    return await reply.type(type).send(text)
  })
}
