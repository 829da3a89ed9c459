import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { wampChannels, WampError } from 'fastify-wamp'
import type { InvocationEndedMessage } from 'fastify-wamp'
import { countPrimes } from '../../example-app/primes.ts'
import { buildApp } from '../../example-app/server.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

async function build (t: Test): Promise<FastifyInstance> {
  const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  const app = await buildApp({ cookieFile: join(directory, 'cookies.dat') })
  t.teardown(() => app.close())
  return app
}

/** Logs a user in over WebSocket, as the page does; resolves to the browser's cookie. */
async function logIn (t: Test, port: number, userAgent: string, authid = 'joe'): Promise<string> {
  const [json] = wireCodecs
  const client = await WireClient.connect(t, `ws://127.0.0.1:${port}/ws`, json!, { headers: { 'user-agent': userAgent } })
  const [, , extra] = await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['wampcra'], authid }])
  const { challenge } = extra as { challenge: string }
  const [type] = await client.ask([5, createHmac('sha256', '123456').update(challenge).digest('base64'), {}])
  if (type !== 2) throw new Error(`${authid} is not welcome`)
  return client.setCookie!.split(';')[0]!
}

t.test('a user sees the devices that are logged in, and can log each one out', async (t) => {
  const app = await build(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const browsers = await Promise.all(['One/1', 'Two/2'].map(async (agent) => {
    const cookie = await logIn(t, port, agent)
    return { fetch: async (path: string, method = 'GET') => await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { cookie } }) }
  }))
  const [one, two] = browsers
  t.equal((await fetch(`http://127.0.0.1:${port}/api/logins`)).status, 401)
  const logins = await (await one!.fetch('/api/logins')).json() as { login: string, own: boolean, userAgent: string }[]
  t.same(logins.map(({ own, userAgent }) => [own, userAgent]).toSorted(), [[false, 'Two/2'], [true, 'One/1']])
  t.equal((await one!.fetch('/api/logins/0', 'DELETE')).status, 404)
  const { login } = logins.find(({ own }) => !own)!
  t.equal((await one!.fetch(`/api/logins/${login}`, 'DELETE')).status, 204)
  t.same([(await one!.fetch('/api/logins')).status, (await two!.fetch('/api/logins')).status], [200, 401])
})

t.test('GET /api/sum calls the procedure', async (t) => {
  const app = await build(t)
  const response = await app.inject('/api/sum?x=2&y=-0.5')
  t.equal(response.statusCode, 200)
  t.equal(response.json(), 1.5)
})

t.test('GET /api/sum takes two numbers, and nothing else', async (t) => {
  const app = await build(t)
  for (const query of ['', '?x=2', '?x=2&y=three']) {
    t.equal((await app.inject(`/api/sum${query}`)).statusCode, 400, query)
  }
})

t.test('over WAMP, the same schema refuses values that are not numbers', async (t) => {
  const app = await build(t)
  const session = app.wamp.join('realm1', { role: 'frontend' })
  await t.rejects(session.call('com.example.add2', [2, 'three']), new WampError('wamp.error.invalid_argument', { args: ['args[1] must be number'] }))
})

t.test('primes are counted, and the caller is told how far it is', async (t) => {
  const app = await build(t)
  const session = app.wamp.join('realm1', { role: 'frontend' })
  const shares: number[] = []
  t.equal(await session.call('com.example.primes', [1_000_000], {}, { onProgress: (share) => { shares.push(share as number) } }), 78498)
  t.ok(shares.length > 0)
  t.same(shares, shares.toSorted((a, b) => a - b))
  for (const last of [1, 2.5, 1e12]) await t.rejects(session.call('com.example.primes', [last]), { code: 'wamp.error.invalid_argument' })
})

t.test('a canceled count does not continue', async (t) => {
  const app = await build(t)
  const session = app.wamp.join('realm1', { role: 'frontend' })
  const ended = new Promise<unknown>((resolve) => {
    const hear = (message: unknown): void => {
      resolve((message as InvocationEndedMessage).outcome)
    }
    subscribe(wampChannels.invocationEnded, hear)
    t.teardown(() => unsubscribe(wampChannels.invocationEnded, hear))
  })
  const canceled = new AbortController()
  await t.rejects(session.call('com.example.primes', [100_000_000], {}, { signal: canceled.signal, onProgress: () => { canceled.abort() } }), { name: 'AbortError' })
  t.equal(await ended, 'canceled')

  const stopped = new AbortController()
  const shares: number[] = []
  await t.rejects(countPrimes(100_000_000, { signal: stopped.signal, progress: (share) => { stopped.abort(); shares.push(share) } }), { name: 'AbortError' })
  t.equal(shares.length, 1)
})

t.test('only the admin can open the console', async (t) => {
  const app = await build(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const status = async (authid: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}/console/`, { headers: { cookie: await logIn(t, port, 'One/1', authid) } })).status
  t.same([await status('ann'), await status('joe')], [200, 403])
})

t.test('POST /api/feed publishes into the feed', async (t) => {
  const app = await build(t)
  const session = app.wamp.join('realm1', { role: 'frontend' })
  const received: unknown[] = []
  await session.subscribe('com.example.feed', (event) => { received.push(event) })
  const response = await app.inject({ method: 'POST', url: '/api/feed', payload: { text: 'hello' } })
  t.equal(response.statusCode, 200)
  t.match(response.json(), { publication: Number })
  // The router answers in order: the event has come before this.
  await session.call('com.example.add2', [2, 3])
  t.match(received, [{ args: ['hello'], kwargs: { from: 'somebody' }, details: { publisher_authid: 'rest' } }])
})

t.test('POST /api/feed refuses what has no text in it', async (t) => {
  const app = await build(t)
  for (const payload of [{}, { text: '' }, { text: ' \n' }, { text: 'x'.repeat(281) }]) {
    t.equal((await app.inject({ method: 'POST', url: '/api/feed', payload })).statusCode, 400, JSON.stringify(payload).slice(0, 40))
  }
  t.equal((await app.inject({ method: 'POST', url: '/api/feed', payload: 'text=hello' })).statusCode, 415, 'a form of a foreign page')
})

t.test('a user can add numbers and use the feed, and nothing else', async (t) => {
  const app = await build(t)
  const session = app.wamp.join('realm1', { role: 'frontend' })
  t.equal(await session.call('com.example.add2', [2, 3]), 5)
  await t.resolves(session.publish('com.example.feed', ['hello']))
  await t.rejects(session.register('com.example.add3', () => 0), { message: /^wamp\.error\.not_authorized/ })
  await t.rejects(session.subscribe('com.example.other', () => {}), { message: /^wamp\.error\.not_authorized/ })
})

t.test('the page brings its own scripts, and allows no others', async (t) => {
  const app = await build(t)
  const page = await app.inject('/')
  t.match(page.headers, { 'content-type': /^text\/html/, 'content-security-policy': /default-src 'self'/ })
  const files = [...page.body.matchAll(/(?:src|href)="([^":#?]+)"/g)].map(([, file]) => file)
  t.same(new Set(files), new Set(['icon.svg', 'app.css', 'app.js', 'console/']))
  for (const file of files.filter((file) => file !== 'console/')) t.equal((await app.inject(`/${file}`)).statusCode, 200, `${file} is served`)
  for (const file of ['dom.js', 'logins.js', 'primes.js', 'wamp-client.js']) t.equal((await app.inject(`/${file}`)).statusCode, 200, `${file} is served`)
  t.notMatch(page.body, /<script(?![^>]* src=)|<style| style=| on[a-z]+=/)
})

t.test('run directly it listens where the environment says, and ends in order', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
  const cookies = join(directory, 'logins.dat')
  const server = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('../../example-app/server.ts', import.meta.url))], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', COOKIES: cookies }, stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => server.kill('SIGKILL'))
  const exit = once(server, 'exit')
  for await (const line of createInterface(server.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url === undefined) continue
    t.same(await (await fetch(`${url}/api/sum?x=2&y=3`)).json(), 5)
    t.ok(existsSync(cookies))
    break
  }
  server.kill('SIGTERM')
  t.same(await exit, [0, null])
  t.same(await readdir(directory), ['logins.dat'], 'no lock is left')
})
