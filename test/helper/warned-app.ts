import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'

/** A log line of a warning. */
export interface Line { readonly level: number, readonly msg: string, readonly option?: string, readonly url?: string }

/** Builds an app with the plugin, and collects the warnings that it logs. */
export async function buildWarnedApp (t: Test, options: FastifyWampOptions): Promise<{ app: FastifyInstance, warnings: Line[] }> {
  const warnings: Line[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { warnings.push(JSON.parse(line) as Line) } } } })
  t.teardown(() => app.close())
  await app.register(wampPlugin, options)
  return { app, warnings }
}
