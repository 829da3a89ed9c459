import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'

/**
 * Cuts off clients whose bodies have not arrived after so many milliseconds, or when the app closes: nobody has begun to serve
 * them. Fastify itself waits without end, unless its option `requestTimeout` is set.
 */
export function limitBodies (fastify: FastifyInstance, milliseconds: number): void {
  const waiting = new Set<Readable>()
  let state: 'open' | 'closing' = 'open'
  fastify.addHook('preParsing', async (_request, _reply, payload) => {
    if (state === 'closing') payload.destroy()
    if (payload.destroyed) return payload
    const timer = setTimeout(() => { payload.destroy() }, milliseconds)
    const arrived = (): void => {
      clearTimeout(timer)
      waiting.delete(payload)
    }
    waiting.add(payload)
    payload.once('end', arrived).once('close', arrived)
    return payload
  })
  fastify.addHook('preClose', async () => {
    state = 'closing'
    for (const payload of waiting) payload.destroy()
  })
}
