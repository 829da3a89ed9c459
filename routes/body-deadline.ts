import type { FastifyInstance } from 'fastify'

/**
 * Cuts off clients whose bodies have not arrived after so many milliseconds: nobody has begun to serve them. Fastify itself waits
 * without end, unless its option `requestTimeout` is set.
 */
export function limitBodies (fastify: FastifyInstance, milliseconds: number): void {
  // The payload that hooks are given may be another one, such as what a body is decompressed to.
  fastify.addHook('preParsing', async ({ raw }, _reply, payload) => {
    if (raw.destroyed || raw.complete) return payload
    // An injected request, whose body nobody reads, never ends: that must not hold the process.
    const timer = setTimeout(() => { raw.destroy() }, milliseconds).unref()
    raw.once('end', () => { clearTimeout(timer) }).once('close', () => { clearTimeout(timer) })
    return payload
  })
}
