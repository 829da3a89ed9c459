import { statSync } from 'node:fs'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'

/**
 * Serves a directory. Rejects with WAMP_ERR_INVALID_OPTION if it does not exist, and with WAMP_ERR_STATIC_PREFIX if the app already has a route
 * with the prefix. Dotfiles are not served. The host's own `reply.sendFile` is not affected.
 */
export async function mountStatic (fastify: FastifyInstance, files: { root: string, prefix: string }): Promise<void> {
  try {
    await fastify.register(staticRoute, { files })
  } catch (error) {
    // In earlier versions of Fastify, the error of its HEAD route has no code.
    if ((error as { code?: unknown }).code !== 'FST_ERR_DUPLICATED_ROUTE' && !/already declared for route/.test(String(error))) throw error
    throw new errors.WAMP_ERR_STATIC_PREFIX(files.prefix)
  }
}

async function staticRoute (fastify: FastifyInstance, { files: { root, prefix } }: { files: { root: string, prefix: string } }): Promise<void> {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) throw new errors.WAMP_ERR_INVALID_OPTION('static.root', `must be a folder: "${root}" is not one`)
  await fastify.register(fastifyStatic, { root, prefix, decorateReply: false, dotfiles: 'ignore' })
}
