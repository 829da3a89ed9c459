// An app in a process of its own that is closed while nothing but its store is waited for, which never answers.
import { mock } from 'node:test'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'

const { setTimeout: later } = globalThis
let logged = ''
const app = Fastify({ logger: { level: 'error', stream: { write: (line: string) => { logged = (JSON.parse(line) as { msg: string }).msg } } } })
await app.register(wampPlugin, {
  realms: { realm1: { roles: { anonymous: {} } } },
  cookie: {
    store: {
      get: () => undefined,
      set () {},
      delete () {},
      entries: () => [],
      // All that keeps the process is what waits for this.
      close: async () => {
        later(() => { mock.timers.tick(30_000) }, 1).unref()
        await new Promise(() => {})
      }
    }
  }
})
await app.ready()
mock.timers.enable({ apis: ['setTimeout'] })
await app.close()
mock.timers.reset()
process.stdout.write(JSON.stringify({ logged }))
