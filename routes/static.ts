import { statSync } from 'node:fs'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'

/** Serves a directory. Throws WAMP_ERR_INVALID_OPTION if it does not exist. Dotfiles are not served. The host's own `reply.sendFile` is not affected. */
export async function staticRoute (fastify: FastifyInstance, { files: { root, prefix } }: { files: { root: string, prefix: string } }): Promise<void> {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) throw new errors.WAMP_ERR_INVALID_OPTION('static.root', `must be a folder: "${root}" is not one`)
  await fastify.register(fastifyStatic, { root, prefix, decorateReply: false, dotfiles: 'ignore' })
}
