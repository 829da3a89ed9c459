import type { FastifyInstance } from 'fastify'

/**
 * Disconnects clients whose request bodies have not arrived after this many milliseconds, before they are processed. Fastify itself waits
 * forever, unless its option `requestTimeout` is set.
 */
export function limitBodies (fastify: FastifyInstance, milliseconds: number): void {
  // The payload passed to hooks may be another stream, such as a decompressed body.
  fastify.addHook('preParsing', async ({ raw }, _reply, payload) => {
    if (raw.destroyed || raw.complete) return payload
    // An injected request whose body is not read never ends, and must not keep the process alive.
    const timer = setTimeout(() => { raw.destroy() }, milliseconds).unref()
    raw.once('end', () => { clearTimeout(timer) }).once('close', () => { clearTimeout(timer) })
    return payload
  })
}
