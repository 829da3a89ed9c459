import type { FastifyInstance } from 'fastify'
import type { PromRegistry } from '../plugin/telemetry/prom-client.ts'

/** Adds the route for Prometheus. */
export async function metricsRoute (fastify: FastifyInstance, { path, registry }: { path: string, registry: PromRegistry }): Promise<void> {
  fastify.get(path, async (_request, reply) => {
    return await reply.type(registry.contentType).header('cache-control', 'no-store').send(await registry.metrics())
  })
}
