import type { ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import wampPlugin, { wampLongPoll, wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { everything } from './build-router.ts'

/**
 * An app with a router that listens on a port of its own; it is closed with the test. With `https` it ends TLS itself. `further`: clients may
 * also connect over these transports, with the same logins and serializers; long-poll has the path `/lp`.
 */
export async function buildApp (t: Test, options: Partial<FastifyWampOptions> = {}, https?: ServerOptions, further: readonly ('RawSocket' | 'long-poll')[] = []): Promise<{ app: FastifyInstance, url: string }> {
  const app = Fastify({ https: https ?? null })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, shutdownTimeout: 100, ...options })
  const same = { ...(options.auth === undefined ? {} : { auth: options.auth }), ...(options.serializers === undefined ? {} : { serializers: options.serializers }) }
  if (further.includes('RawSocket')) await app.register(wampRawSocket, { port: 0, ...same })
  if (further.includes('long-poll')) await app.register(wampLongPoll, same)
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url: `${https === undefined ? 'ws' : 'wss'}://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws` }
}
