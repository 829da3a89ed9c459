import { EventEmitter, once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Tag } from 'cbor-x'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import type { BridgeOptions, FastifyWampOptions, Id } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { WebBrowser } from '../helper/web-browser.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { InProcessSession } from '../../plugin/in-process/in-process-session.ts'

async function build (t: Test, { plugin = {}, bridge = {} }: { plugin?: Partial<FastifyWampOptions>, bridge?: BridgeOptions } = {}): Promise<{ app: FastifyInstance, url: string, browser: WebBrowser }> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onRequest', async (request) => {
    const { authorization } = request.headers
    const machine = { realm: 'realm1', authid: 'machine', authrole: 'frontend', authmethod: 'bearer', authprovider: 'function' }
    if (authorization === 'Bearer good') request.wampPrincipal = machine
    if (authorization === 'Bearer short') request.wampPrincipal = { ...machine, expires: new Date(Date.now() + 100) }
  })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { anonymous: everything, frontend: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: { subscribe: true, call: true } }] } } } },
    auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} },
    cookie: {},
    ...plugin
  })
  await app.register(wampBridge, { events: '/events', ...bridge })
  app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
  app.post('/logout', async (_request, reply) => { await reply.wampSignOut() })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const browser = new WebBrowser(url)
  await browser.fetch('/login', { body: {} })
  return { app, url, browser }
}

/** What comes of a stream, block by block. */
class EventSource {
  readonly #response: IncomingMessage
  readonly #blocks: AsyncIterator<string>

  constructor (response: IncomingMessage) {
    this.#response = response
    this.#blocks = this.#read()
  }

  static async open (url: string, headers: Record<string, string> = {}): Promise<EventSource> {
    const sent = request(url, { headers, agent: false })
    sent.end()
    const [response] = await once(sent, 'response') as [IncomingMessage]
    response.on('error', () => {})
    return new EventSource(response)
  }

  get status (): number { return this.#response.statusCode! }
  get headers (): IncomingMessage['headers'] { return this.#response.headers }

  /** The next block, or undefined at the end. */
  async next (): Promise<string | undefined> {
    const { value, done } = await this.#blocks.next() as IteratorResult<string, undefined>
    return done === true ? undefined : value
  }

  /** The data of the next event. */
  async event (): Promise<{ topic: string, args: unknown[], kwargs: object, details: object }> {
    return JSON.parse(/^data: (.*)$/m.exec(await this.next() ?? '')![1]!) as { topic: string, args: unknown[], kwargs: object, details: object }
  }

  pause (): void { this.#response.socket.pause() }
  resume (): void { this.#response.socket.resume() }
  close (): void { this.#response.destroy() }

  async * #read (): AsyncGenerator<string> {
    let rest = ''
    try {
      for await (const chunk of this.#response) {
        const blocks = (rest + String(chunk)).split('\n\n')
        rest = blocks.pop()!
        yield * blocks
      }
    } catch {
      // The connection broke: that is an end, too.
    }
  }
}

/** Resolves when a session has no subscription to a topic any more. */
async function unsubscribed (app: FastifyInstance): Promise<void> {
  await new Promise<void>((resolve) => { app.wamp.join('realm1').subscribe('wamp.subscription.on_delete', () => { resolve() }).catch(() => {}) })
}

t.test('a topic is delivered as Server-Sent Events to the user of the cookie, and the subscription ends with the client', async (t) => {
  const { app, url, browser } = await build(t)
  const backend = app.wamp.join('realm1')
  const events = await EventSource.open(`${url}/events?topic=com.example.news&topic=com.example.other`, { cookie: browser.cookie })
  t.equal(events.status, 200)
  t.match(events.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  t.equal(await events.next(), 'retry: 3000')
  const publication = await backend.publish('com.example.news', ['line one\nline two', 2n ** 60n], { from: 'backend' })
  t.equal(await events.next(), `id: ${publication}\ndata: {"topic":"com.example.news","args":["line one\\nline two",1152921504606846976],"kwargs":{"from":"backend"},"details":{}}`)
  await backend.publish('com.example.other', [2])
  t.match(await events.event(), { topic: 'com.example.other', args: [2] })
  t.match(app.wamp.sessions('realm1').filter(({ authid }) => authid === 'joe'), [{ authrole: 'frontend', authprovider: 'in-process' }])
  const gone = unsubscribed(app)
  events.close()
  await gone
})

t.test('a stream that is authenticated by cookie adds no more listeners than Node.js accepts', async (t) => {
  const { url, browser } = await build(t)
  const warnings: string[] = []
  const hear = ({ message }: Error): void => { warnings.push(message) }
  process.on('warning', hear)
  t.teardown(() => process.off('warning', hear))
  const events = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie: browser.cookie })
  t.equal(await events.next(), 'retry: 3000')
  t.same(warnings, [])
})

t.test('a pattern delivers the topic of each event, and retained events', async (t) => {
  const { app, url, browser } = await build(t)
  const backend = app.wamp.join('realm1')
  await backend.publish('com.example.state', ['old'], {}, { retain: true })
  const events = await EventSource.open(`${url}/events?topic=com.example.&match=prefix&get_retained=true`, { cookie: browser.cookie })
  await events.next()
  t.match(await events.event(), { topic: 'com.example.state', args: ['old'], details: { retained: true } })
  await backend.publish('com.example.state', ['new'])
  t.match(await events.event(), { topic: 'com.example.state', args: ['new'] })
})

t.test('a principal set by a hook of the app, such as that of a token, is accepted', async (t) => {
  const { app, url } = await build(t)
  const events = await EventSource.open(`${url}/events?topic=com.example.news`, { authorization: 'Bearer good' })
  await events.next()
  await app.wamp.join('realm1').publish('com.example.news', ['hello'])
  t.match(await events.event(), { args: ['hello'] })
  t.equal((await EventSource.open(`${url}/events?topic=com.example.news`, { authorization: 'Bearer bad' })).status, 401)
})

t.test('a stream ends when the token that authenticated it expires', async (t) => {
  const { app, url } = await build(t)
  const events = await EventSource.open(`${url}/events?topic=com.example.news`, { authorization: 'Bearer short' })
  t.equal(await events.next(), 'retry: 3000')
  t.equal(await events.next(), undefined)
  t.same(app.wamp.sessions('realm1'), [])
})

t.test('an unauthorized or invalid request is answered with a suitable status', async (t) => {
  const { url, browser: { cookie } } = await build(t)
  const refused = async (query: string, headers: Record<string, string> = { cookie }): Promise<unknown[]> => {
    const response = await EventSource.open(`${url}/events?${query}`, headers)
    return [response.status, await response.next()]
  }
  const cases = [
    ['topic=com.example.news', {}, 401], ['topic=org.other', { cookie }, 403], ['topic=com..x', { cookie }, 400], ['', { cookie }, 400], ['topic=a&match=all', { cookie }, 400],
    ['topic=a&more=1', { cookie }, 400], ['topic=a&get_retained=1', { cookie }, 400], ['topic=com.example.news', { cookie, origin: 'http://evil.example' }, 401]
  ] as const
  for (const [query, headers, status] of cases) t.equal((await refused(query, headers))[0], status, query)
  const answer = async (query: string): Promise<unknown> => await (await fetch(`${url}/events?${query}`, { headers: { cookie } })).json()
  t.match(await answer('topic=org.other'), { error: 'wamp.error.not_authorized', args: [/may not subscribe to "org.other"/] }, 'and why')
  t.match(await answer(''), { error: '"topic" is missing: it must be the URI of a topic' })
  t.match(await answer('topics=a'), { error: '"topics" is not allowed: the query may have topic, match and get_retained' })
})

t.test('a stream ends with the login, with the session, and with the app', async (t) => {
  const { app, url, browser } = await build(t)
  const open = async (): Promise<EventSource> => {
    const events = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie: browser.cookie })
    await events.next()
    return events
  }
  const killed = await open()
  app.wamp.kick('realm1', { authid: 'joe' })
  t.equal(await killed.next(), undefined)

  const [first, second] = [await open(), await open()]
  await browser.fetch('/logout', { body: {} })
  t.equal(await first.next(), undefined)
  t.equal(await second.next(), undefined)

  await browser.fetch('/login', { body: {} })
  const revoked = await open()
  await app.wampCookies!.revoke({ authid: 'joe' })
  t.equal(await revoked.next(), undefined)

  await browser.fetch('/login', { body: {} })
  const last = await open()
  await app.close()
  t.equal(await last.next(), undefined)
})

t.test('a client that does not read is disconnected, and the limits on connections and sessions apply', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, { plugin: { limits: { bufferedEventBytes: 2 ** 16, connectionsOfAddress: 2, sessionsOfAuthid: 1 } } })
  const backend = app.wamp.join('realm1')
  const stalled = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie })
  await stalled.next()
  t.equal((await EventSource.open(`${url}/events?topic=com.example.news`, { cookie })).status, 429, 'limits.sessionsOfAuthid')
  stalled.pause()
  const gone = unsubscribed(app)
  const stop = new AbortController()
  gone.then(() => { stop.abort() }, () => {})
  while (!stop.signal.aborted) {
    await backend.publish('com.example.news', ['x'.repeat(64_000)])
    // The event loop must turn for the socket to be written.
    await new Promise((resolve) => { setImmediate(resolve) })
  }
})

t.test('streams opened at the same time are held to the session limit, even with a slow store, and so are calls', async (t) => {
  const store = new MemoryStore()
  const get = store.get.bind(store)
  const slow = Object.assign(store, { get: async (key: string) => { await new Promise((resolve) => { setTimeout(resolve, 20) }); return get(key) } })
  const { url, browser: { cookie } } = await build(t, { plugin: { cookie: { store: slow }, limits: { sessionsOfAuthid: 2 } }, bridge: { call: '/call' } })
  const opened = await Promise.all(Array.from({ length: 10 }, async () => await EventSource.open(`${url}/events?topic=com.example.news`, { cookie })))
  t.same(opened.map(({ status }) => status).sort(), [200, 200, ...Array<number>(8).fill(429)])
  const called = await fetch(`${url}/call`, { method: 'POST', headers: { cookie, 'content-type': 'application/json' }, body: '{"procedure":"com.example.any"}' })
  t.equal(called.status, 429)
  t.match(await called.json(), { error: /limits\.sessionsOfAuthid/ })
})

t.test('a browser that reconnects receives the missed events, each once and in order', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: everything }, eventHistory: [{ uri: 'com.example.', match: 'prefix', limit: 1000 }] } } } })
  const backend = app.wamp.join('realm1')
  const publish = async (first: number, last: number): Promise<Id[]> => await Promise.all(Array.from({ length: last - first + 1 }, async (_, i) => await backend.publish('com.example.news', [first + i, 'x'.repeat(2000)])))
  const open = async (last: Id | string): Promise<EventSource> => {
    const source = await EventSource.open(`${url}/events?topic=com.example.&match=prefix`, { cookie, 'last-event-id': String(last) })
    await source.next()
    return source
  }
  const read = async (source: EventSource, first: number, last: number): Promise<void> => {
    for (let i = first; i <= last; i++) t.equal((await source.event()).args[0], i)
  }
  const [, second] = await publish(1, 250)
  const back = await open(second!)
  await publish(251, 300)
  await read(back, 3, 300)
  await publish(301, 301)
  await read(back, 301, 301)

  const upToDate = await open((await publish(302, 302))[0]!)
  await publish(303, 303)
  await read(upToDate, 303, 303)

  const unknown = await open(5)
  await read(unknown, 1, 303)
  t.equal((await EventSource.open(`${url}/events?topic=com.example.&match=prefix`, { cookie, 'last-event-id': 'five' })).status, 400)
})

t.test('a browser that reconnects receives only new events without a history, without permission, or with several topics', async (t) => {
  const kept = { roles: { frontend: everything, guest: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: { subscribe: true } }] } }, eventHistory: [{ uri: 'com.example.kept' }] } as const
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: kept } } })
  const backend = app.wamp.join('realm1')
  const last = await backend.publish('com.example.kept', ['had'])
  await backend.publish('com.example.kept', ['missed'])
  const { app: guests, url: guest } = await build(t, { plugin: { realms: { realm1: kept } }, bridge: { as: { realm: 'realm1', role: 'guest' } } })
  const ofGuests = guests.wamp.join('realm1')
  const lastOfGuests = await ofGuests.publish('com.example.kept', ['had'])
  await ofGuests.publish('com.example.kept', ['missed'])
  const cases = [
    [`${url}/events?topic=com.example.new`, backend, 'com.example.new', last], [`${url}/events?topic=com.example.kept&topic=com.example.new`, backend, 'com.example.new', last],
    [`${guest}/events?topic=com.example.kept`, ofGuests, 'com.example.kept', lastOfGuests]
  ] as const
  for (const [address, publisher, topic, id] of cases) {
    const source = await EventSource.open(address, { cookie, 'last-event-id': String(id) })
    await source.next()
    await publisher.publish(topic, ['new'])
    t.match(await source.event(), { args: ['new'] })
  }
})

t.test('missed events wait until the browser reads, and events meanwhile are bounded', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, {
    plugin: { realms: { realm1: { roles: { frontend: everything }, eventHistory: [{ uri: 'com.example.news', limit: 1000 }] } }, limits: { bufferedEventBytes: 2 ** 20 } }
  })
  const backend = app.wamp.join('realm1')
  const big = 'x'.repeat(64_000)
  for (let i = 0; i < 400; i++) await backend.publish('com.example.news', [i, big])
  const back = async (): Promise<EventSource> => await EventSource.open(`${url}/events?topic=com.example.news`, { cookie, 'last-event-id': '1' })

  const slow = await back()
  slow.pause()
  await backend.publish('com.example.news', [400])
  slow.resume()
  await slow.next()
  for (let i = 0; i <= 400; i++) t.equal((await slow.event()).args[0], i)
  await backend.publish('com.example.news', [401])
  t.equal((await slow.event()).args[0], 401)
  slow.close()

  const stalled = await back()
  stalled.pause()
  const gone = new Promise<void>((resolve) => { app.wamp.join('realm1').subscribe('wamp.subscription.on_unsubscribe', () => { resolve() }).catch(() => {}) })
  const stop = new AbortController()
  gone.then(() => { stop.abort() }, () => {})
  let published = 0
  while (!stop.signal.aborted) {
    await backend.publish('com.example.news', [big])
    published++
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.ok(published <= 2 ** 20 / big.length + 2, 'what is held while it catches up counts, not what it missed')
})

t.test('an event that JSON cannot represent is omitted, live and among missed events', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: { roles: { anonymous: everything, frontend: everything }, eventHistory: [{ uri: 'com.example.news' }] } }, auth: { anonymous: { type: 'static', role: 'anonymous' }, cookie: {} } } })
  const [, , cbor] = wireCodecs
  const publisher = await WireClient.join(t, `${url.replace('http', 'ws')}/ws`, cbor!)
  const open = async (last: string): Promise<EventSource> => {
    const source = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie, ...(last === '' ? {} : { 'last-event-id': last }) })
    await source.next()
    return source
  }
  const live = await open('')
  for (const [request, value] of ['had', new Tag(1, 4711), 'after'].entries()) t.match(await publisher.ask([16, request + 1, { acknowledge: true }, 'com.example.news', [value]]), [17])
  t.equal((await live.event()).args[0], 'had')
  t.equal((await live.event()).args[0], 'after')
  const back = await open('5')
  t.equal((await back.event()).args[0], 'had')
  t.equal((await back.event()).args[0], 'after')
  await app.close()
  t.equal(await back.next(), undefined)
})

t.test('a client that reads more slowly than the history drops events receives no event out of order', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, {
    plugin: { realms: { realm1: { roles: { frontend: everything }, eventHistory: [{ uri: 'com.example.news', limit: 200 }] } }, limits: { bufferedEventBytes: 2 ** 28 } }
  })
  const backend = app.wamp.join('realm1')
  const publish = async (first: number, last: number): Promise<void> => { for (let i = first; i <= last; i++) await backend.publish('com.example.news', [i, 'x'.repeat(50_000)]) }
  await publish(1, 200)
  const slow = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie, 'last-event-id': '5' })
  slow.pause()
  await publish(201, 500)
  slow.resume()
  await slow.next()
  const seen: number[] = []
  while (seen.at(-1) !== 500) seen.push((await slow.event()).args[0] as number)
  t.same(seen, [...seen].sort((a, b) => a - b))
  t.equal(new Set(seen).size, seen.length)
  t.same(seen.slice(-300), Array.from({ length: 300 }, (_, i) => 201 + i), 'what came while it was there is all there')
})

t.test('a failure during missed events ends the stream, and the browser reconnects for the rest', async (t) => {
  let asked = 0
  const authorizer = async (_session: unknown, uri: string): Promise<boolean> => {
    if (uri === 'wamp.subscription.get_events' && ++asked === 4) throw new Error('the database is away')
    return true
  }
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: { authorizer } }, eventHistory: [{ uri: 'com.example.news', limit: 1000 }] } } } })
  const backend = app.wamp.join('realm1')
  for (let i = 1; i <= 250; i++) await backend.publish('com.example.news', [i])
  const seen: unknown[] = []
  let last = '5'
  for (const count of [100, 150]) {
    const source = await EventSource.open(`${url}/events?topic=com.example.news`, { cookie, 'last-event-id': last })
    await source.next()
    for (let i = 0; i < count; i++) {
      const block = await source.next()
      last = /^id: (.*)$/m.exec(block!)![1]!
      seen.push((JSON.parse(/^data: (.*)$/m.exec(block!)![1]!) as { args: unknown[] }).args[0])
    }
    if (count === 100) t.equal(await source.next(), undefined)
  }
  t.same(seen, Array.from({ length: 250 }, (_, i) => i + 1))
})

t.test('a retained event has no id to resume from, and keeps its place among missed events', async (t) => {
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: everything }, eventHistory: [{ uri: 'com.example.', match: 'prefix' }, { uri: 'com.example.price' }] } } } })
  const backend = app.wamp.join('realm1')
  await backend.publish('com.example.state', ['state'], {}, { retain: true })
  const [first] = [await backend.publish('com.example.price', [1], {}, { retain: true }), await backend.publish('com.example.price', [2], {}, { retain: true }), await backend.publish('com.example.price', [3], {}, { retain: true })]
  const open = async (query: string, last: Id): Promise<EventSource> => {
    const source = await EventSource.open(`${url}/events?get_retained=true&${query}`, { cookie, 'last-event-id': String(last) })
    await source.next()
    return source
  }
  const price = await open('topic=com.example.price', first)
  const all = await open('topic=com.example.&match=prefix', first)
  for (const source of [price, all]) for (const value of [2, 3]) t.equal((await source.event()).args[0], value)
  t.match(await all.next(), /^data: .*"state"/, 'older than the last event, and without an id')
  const unknown = await open('topic=com.example.&match=prefix', 5)
  for (const value of ['state', 1, 2, 3]) t.equal((await unknown.event()).args[0], value)
  await backend.publish('com.example.price', ['new'])
  for (const source of [price, all, unknown]) t.equal((await source.event()).args[0], 'new')
})

/** An authorizer that emits 'asked', and says yes when `decide` is called. */
function thinkingAuthorizer (): { authorizer: () => Promise<boolean>, thinking: EventEmitter, decide: () => void } {
  const thinking = new EventEmitter()
  const authorizer = async (): Promise<boolean> => {
    const decided = once(thinking, 'decided')
    thinking.emit('asked')
    await decided
    return true
  }
  return { authorizer, thinking, decide: () => { thinking.emit('decided') } }
}

t.test('a stream that is opened while the app closes does not hold it up, and a topic that stands twice is one', async (t) => {
  const { authorizer, thinking, decide } = thinkingAuthorizer()
  const { app, url, browser: { cookie } } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: { authorizer } } } } } })
  const asked = once(thinking, 'asked')
  const opening = EventSource.open(`${url}/events?topic=com.example.news&topic=com.example.news`, { cookie })
  await asked
  const closing = new Promise<void>((resolve) => { app.server.once('close', resolve) })
  const closed = app.close()
  decide()
  const source = await opening
  await source.next()
  t.equal(await source.next(), undefined)
  await Promise.all([closed, closing])
})

t.test('a stream whose login ends while an authorizer decides ends as soon as it is open', async (t) => {
  const { authorizer, thinking, decide } = thinkingAuthorizer()
  const { url, browser } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: { authorizer } } } } } })
  const asked = once(thinking, 'asked')
  const opening = EventSource.open(`${url}/events?topic=com.example.news`, { cookie: browser.cookie })
  await asked
  t.equal((await browser.fetch('/logout', { body: {} })).status, 200)
  decide()
  const source = await opening
  await source.next()
  t.equal(await source.next(), undefined)
})

t.test('no further topic is subscribed to for a client that has disconnected while an authorizer decides', async (t) => {
  const thinking = new EventEmitter()
  const asked: string[] = []
  let decide = (): void => {}
  const authorizer = async (_session: unknown, uri: string): Promise<boolean> => {
    asked.push(uri)
    thinking.emit('asked')
    await new Promise<void>((resolve) => { decide = resolve })
    return true
  }
  const { app, url } = await build(t, { plugin: { realms: { realm1: { roles: { frontend: { authorizer } } } } }, bridge: { as: { realm: 'realm1', role: 'frontend' } } })
  const backend = app.wamp.join('realm1')
  const left = new Promise((resolve) => { backend.subscribe('wamp.session.on_leave', resolve).catch(() => {}) })
  const gone = once(thinking, 'gone')
  app.server.on('request', (_request, response) => { response.once('close', () => { thinking.emit('gone') }) })
  const sent = request(`${url}/events?topic=com.example.one&topic=com.example.two`, { agent: false }).on('error', () => {})
  const first = once(thinking, 'asked')
  sent.end()
  await first
  sent.destroy()
  await gone
  decide()
  await left
  t.same(asked, ['com.example.one'])
})

t.test('with `as`, all streams have the permissions of one role', async (t) => {
  const { app, url } = await build(t, { bridge: { events: '/public', as: { realm: 'realm1', role: 'frontend' } } })
  const events = await EventSource.open(`${url}/public?topic=com.example.news`)
  await events.next()
  const gone = unsubscribed(app)
  await app.wamp.join('realm1').publish('com.example.news', [1])
  t.match(await events.event(), { args: [1] })
  events.close()
  await gone
  t.equal((await EventSource.open(`${url}/public?topic=org.other`)).status, 403)
})

t.test('streams in a shared session leave nothing behind in it', async (t) => {
  const { whenClosed } = InProcessSession.prototype
  let told = 0
  const seen = new EventEmitter()
  InProcessSession.prototype.whenClosed = function (tell) {
    const forget = whenClosed.call(this, tell)
    told++
    return () => {
      forget()
      told--
      seen.emit('forgotten')
    }
  }
  t.teardown(() => { InProcessSession.prototype.whenClosed = whenClosed })
  const { url } = await build(t, { bridge: { as: { realm: 'realm1', role: 'anonymous' } } })
  const source = await EventSource.open(`${url}/events?topic=com.example.news`)
  t.equal(told, 1)
  const forgotten = once(seen, 'forgotten')
  source.close()
  await forgotten
  t.equal(told, 0)
})

t.test('events cannot be signed, and something must be bridged', async (t) => {
  for (const bridge of [{ events: '/e', as: { realm: 'realm1', role: 'frontend' }, signature: { key: 'a', secret: 'b' } }, { events: undefined }, { events: 'e' }]) {
    await t.rejects(build(t, { bridge: bridge as BridgeOptions }), { code: 'WAMP_ERR_INVALID_OPTION' })
  }
})

t.test('streams requested at once on one connection are not opened, because only one could be answered', async (t) => {
  const statuses: number[] = []
  const answered = new EventEmitter()
  const app = Fastify()
  t.teardown(() => app.close())
  app.addHook('onSend', async (_request, { statusCode }) => { if (statuses.push(statusCode) === 100) answered.emit('all') })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const all = once(answered, 'all')
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /events?topic=com.example.news HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100))
  await all
  t.equal(app.wamp.sessions('realm1').length, 1)
  t.same(statuses.filter((status) => status === 429).length, 99)
})
