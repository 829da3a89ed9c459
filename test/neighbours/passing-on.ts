import type { FastifyInstance, FastifyReply } from 'fastify'
import { exchange, headersOf, upstream } from './neighbour.ts'
import type { Neighbour, Plugin } from './neighbour.ts'

interface Express { use (middleware: (request: unknown, response: { setHeader (name: string, value: string): void }, next: () => void) => void): void }

function middleware (name: string, version: string): Neighbour {
  return {
    name,
    packages: { [name]: version },
    register: async (app, { load }) => {
      await app.register(load<Plugin>(name));
      (app as FastifyInstance & Express).use((_request, response, next) => {
        response.setHeader('x-middleware', 'here')
        next()
      })
    },
    works: async (t, { url, order }) => {
      // The console refuses strangers in a hook, and later hooks do not run.
      t.same(await headersOf(url, 'x-middleware'), { rest: 'here', upgrade: 'here', bridge: 'here', console: order === 'before' ? 'here' : null })
    }
  }
}

/** Plugins that pass requests on to others. */
export const passingOn: readonly Neighbour[] = [
  {
    name: '@fastify/reply-from',
    packages: { '@fastify/reply-from': '12.6.5', '@fastify/websocket': '11.3.7' },
    register: async (app, { load }, t) => {
      await app.register(load<Plugin>('@fastify/reply-from'), { base: await upstream(t, load<Plugin>('@fastify/websocket')) })
      app.get('/behind', (_request, reply) => (reply as unknown as { from (path: string): FastifyReply }).from('/'))
    },
    works: async (t, { url }) => { t.equal(await (await fetch(`${url}/behind`)).text(), 'behind') }
  },
  {
    name: '@fastify/http-proxy',
    packages: { '@fastify/http-proxy': '11.6.3', '@fastify/websocket': '11.3.7' },
    register: async (app, { load }, t) => {
      await app.register(load<Plugin>('@fastify/http-proxy'), { upstream: await upstream(t, load<Plugin>('@fastify/websocket')), prefix: '/behind', websocket: true })
    },
    works: async (t, { url }) => {
      t.equal(await (await fetch(`${url}/behind`)).text(), 'behind')
      t.equal(await exchange(t, `${url.replace('http', 'ws')}/behind/echo`, 'hello'), 'hello')
    }
  },
  middleware('@fastify/express', '4.0.7'),
  middleware('@fastify/middie', '9.3.6')
]
