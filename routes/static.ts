import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** Serves a directory. Dotfiles are not served; the host's own `reply.sendFile` is left alone. */
export async function staticRoute (fastify: FastifyInstance, { files: { root, prefix } }: { files: { root: string, prefix: string } }): Promise<void> {
  await fastify.register(fastifyStatic, { root, prefix, decorateReply: false, dotfiles: 'ignore' })
}
