import { answers } from './answers.ts'
import { browsers } from './browsers.ts'
import type { Neighbour } from './neighbour.ts'
import { passingOn } from './passing-on.ts'
import { sockets } from './sockets.ts'
import { watchers } from './watchers.ts'

/** The plugins next to which we are tested. */
export const neighbours: readonly Neighbour[] = [...browsers, ...answers, ...passingOn, ...sockets, ...watchers]

/** Those that most apps have. */
export const mostUsed = neighbours.filter(({ name }) => ['@fastify/cors', '@fastify/helmet', '@fastify/jwt', '@fastify/multipart', '@fastify/rate-limit', '@fastify/swagger'].includes(name))
