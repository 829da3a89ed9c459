import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const realms = { realm1: { roles: { anonymous: {} } } }

/** An app that serves the client under a prefix, unless it is told otherwise. */
async function build (t: Test, options: Partial<FastifyWampOptions> = { client: '/wamp-client.js' }, prefix = '/api'): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (scope) => { await scope.register(wampPlugin, { realms, ...options }) }, { prefix })
  return app
}

/** The names that a module exports. */
async function exportsOf (text: string): Promise<string[]> {
  return Object.keys(await import(`data:text/javascript,${encodeURIComponent(text.replace(/\n\/\/#.*\n$/, ''))}`) as object).sort()
}

t.test('the client is one module at the configured path, with each further serializer in a module next to it', async (t) => {
  const app = await build(t)
  const bodies = await Promise.all(['', '-cbor', '-msgpack'].map(async (suffix) => {
    const { statusCode, headers, body } = await app.inject(`/api/wamp-client${suffix}.js`)
    t.match({ statusCode, headers }, { statusCode: 200, headers: { 'content-type': 'text/javascript; charset=utf-8', 'x-content-type-options': 'nosniff' } })
    t.notMatch(body, /\bfrom ?"|\bimport\b|\beval\(|\bFunction\(/, 'it needs nothing else, nor more than script-src')
    return await exportsOf(body)
  }))
  t.same(bodies, [['CallResult', 'ClientError', 'WampError', 'batchedJson', 'connect', 'cryptosign', 'json', 'ticket', 'wampScram', 'wampcra'], ['cbor'], ['msgpack']])
  t.equal((await app.inject({ method: 'HEAD', url: '/api/wamp-client.js' })).statusCode, 200)
  t.equal((await app.inject('/api/wamp-client.js.txt')).statusCode, 404)
})

t.test('the source map of each module exists, and contains the sources', async (t) => {
  const app = await build(t)
  for (const suffix of ['', '-cbor', '-msgpack']) {
    const { body } = await app.inject(`/api/wamp-client${suffix}.js?v=${version}`)
    const [, map = ''] = /\n\/\/# sourceMappingURL=(\S+)\n$/.exec(body) ?? []
    t.notMatch(map, /\//, 'beside it, wherever a proxy has put it')
    const answer = await app.inject(`/api/${map}`)
    t.match(answer.headers, { 'content-type': /^application\/json/ })
    const { sources, sourcesContent, mappings } = answer.json<{ sources: string[], sourcesContent: string[], mappings: string }>()
    t.ok(mappings.length > 100)
    t.ok(sources.every((source) => /^fastify-wamp:\/\/\/plugin\/(?:(?:client|peer|protocol)\/)?[\w-]+\.ts$/.test(source)), 'no folder of this machine is named')
    t.equal(sourcesContent[0], readFileSync(sources[0]!.replace('fastify-wamp:///', ''), 'utf8'))
  }
})

t.test('a file is cached forever if the URL names its version, and revalidated otherwise', async (t) => {
  const app = await build(t)
  const cacheOf = async (query: string): Promise<unknown> => (await app.inject(`/api/wamp-client.js${query}`)).headers['cache-control']
  t.equal(await cacheOf(`?v=${version}`), 'public, max-age=31536000, immutable')
  for (const query of ['', '?v=', '?v=0.0.1', `?v=${version}&v=${version}`, `?w=${version}`]) t.equal(await cacheOf(query), 'no-cache', query)
})

t.test('a browser that has the file already receives 304, even through a proxy that compresses', async (t) => {
  const app = await build(t)
  const { headers: { etag } } = await app.inject('/api/wamp-client.js')
  const ask = async (tag: string): Promise<[number, string]> => {
    const { statusCode, headers, body } = await app.inject({ url: '/api/wamp-client.js', headers: { 'if-none-match': tag } })
    t.match(headers, { etag, 'cache-control': 'no-cache' }, tag)
    return [statusCode, body.slice(0, 3)]
  }
  t.match(etag, /^"[\w-]{43}"$/)
  for (const tag of [etag!, `W/${etag}`, etag!.replace(/"$/, '-gzip"'), `"other", ${etag}`]) t.same(await ask(tag), [304, ''], tag)
  for (const tag of ['"other"', 'W/"other"']) t.equal((await ask(tag))[0], 200, tag)
  t.not((await app.inject('/api/wamp-client-cbor.js')).headers.etag, etag)
})

t.test('without the option nothing is served', async (t) => {
  t.equal((await (await build(t, {})).inject('/api/wamp-client.js')).statusCode, 404)
})

t.test('an invalid path is refused, and so is one that is in use', async (t) => {
  const invalid = (message: RegExp): { code: string, message: RegExp } => ({ code: 'WAMP_ERR_INVALID_OPTION', message })
  for (const client of ['wamp-client.js', '/wamp-client', '/.js', '/:name.js', '/*.js', '/client.js?v=1', 5, true]) {
    await t.rejects(build(t, { client } as object), invalid(/^The option "client" must be a path that begins with "\/" and ends with "\.js", such as "\/wamp-client\.js"/), String(client))
  }
  await t.rejects(build(t, { client: '/ws.js', path: '/ws.js' }), invalid(/^The option "client" must be a free path: there is already a route at \/api\/ws\.js$/))
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/wamp-client-cbor.js', async () => 'mine')
  await t.rejects(async () => { await app.register(wampPlugin, { realms, client: '/wamp-client.js' }) }, invalid(/there is already a route at \/wamp-client-cbor\.js$/))
})
