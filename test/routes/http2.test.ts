import { once } from 'node:events'
import { connect, constants } from 'node:http2'
import type { ClientHttp2Session, ClientHttp2Stream, Settings } from 'node:http2'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { InProcessSession } from '../../plugin/in-process/in-process-session.ts'
import { spend, UNITS_OF_TURN } from '../../plugin/work.ts'
import { everything } from '../helper/build-router.ts'

const roles = { anonymous: everything }

/** A POST on a stream of its own, and the status that it is answered. */
function post (client: ClientHttp2Session, path: string, body: object): { stream: ClientHttp2Stream, status: Promise<number> } {
  const stream = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' }).on('error', () => {})
  const status = once(stream, 'response').then(([headers]) => (headers as Record<string, number>)[':status']!)
  stream.resume().end(JSON.stringify(body))
  return { stream, status }
}

const client = (t: Test, url: string, settings: Settings = {}): ClientHttp2Session => {
  const session = connect(url, { settings })
  t.teardown(() => { session.destroy() })
  return session
}

t.test('all streams of an HTTP/2 connection share its turns', async (t) => {
  const app = Fastify({ http2: true })
  const [all, some] = [21, 20]
  let arrived = 0
  let allCame = (): void => {}
  let someCame = (): void => {}
  const everybody = new Promise<void>((resolve) => { allCame = resolve })
  const many = new Promise<void>((resolve) => { someCame = resolve })
  app.addHook('preHandler', async () => {
    if (++arrived === some) someCame()
    if (arrived === all) {
      spend(UNITS_OF_TURN)
      allCame()
    }
    await everybody
  })
  await app.register(wampPlugin, { realms: { realm1: { roles } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  const served: unknown[] = []
  await app.wamp.join('realm1').register('com.example.heavy', ({ args: [who] }) => {
    served.push(who)
    spend(UNITS_OF_TURN)
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const [greedy, modest] = [client(t, url), client(t, url)]
  const answers = Array.from({ length: some }, () => post(greedy, '/call', { procedure: 'com.example.heavy', args: ['greedy'] }).status)
  await many
  answers.push(post(modest, '/call', { procedure: 'com.example.heavy', args: ['modest'] }).status)
  t.same(await Promise.all(answers), Array(all).fill(200))
  t.ok(served.indexOf('modest') <= 2, `it is served as number ${served.indexOf('modest') + 1}`)
})

t.test('an HTTP/2 connection with many pending answers gets no further ones', async (t) => {
  const most = 100
  for (const path of ['/call', '/route']) {
    t.test(path, async (t) => {
      const app = Fastify({ http2: true })
      await app.register(wampPlugin, { realms: { realm1: { roles } } })
      await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
      t.teardown(() => app.close())
      const backend: InProcessSession = app.wamp.join('realm1')
      app.wampRoute({ method: 'POST', url: '/route', procedure: 'com.example.wait', as: backend })
      let called = 0
      let allCalled = (): void => {}
      const ends: (() => void)[] = []
      await backend.register('com.example.wait', async ({ signal }) => {
        if (++called >= most) allCalled()
        await Promise.race([once(signal, 'abort'), new Promise<void>((resolve) => { ends.push(resolve) })])
      })
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const greedy = client(t, url)
      const body = path === '/call' ? { procedure: 'com.example.wait' } : {}
      const full = new Promise<void>((resolve) => { allCalled = resolve })
      const open = Array.from({ length: most }, () => post(greedy, path, body))
      await full
      t.equal(await post(greedy, path, body).status, 429)
      const again = new Promise<void>((resolve) => { allCalled = resolve })
      const other = post(client(t, url), path, body)
      await again
      ends.at(-1)!()
      t.match(await other.status, /20[04]/, 'others are answered')
      ends[0]!()
      t.match(await open[0]!.status, /20[04]/)
      const room = new Promise<void>((resolve) => { allCalled = resolve })
      const next = post(greedy, path, body)
      await room
      ends.at(-1)!()
      t.match(await next.status, /20[04]/, 'when one is answered, the next may come')
    })
  }
})

t.test('an answer beyond the limit of unread answers on an HTTP/2 connection is reset, and others are sent when the client reads', async (t) => {
  for (const path of ['/call', '/route', '/octets']) {
    t.test(path, async (t) => {
      const lines: string[] = []
      const app = Fastify({ http2: true, logger: { level: 'warn', stream: { write: (line: string) => { lines.push((JSON.parse(line) as { msg: string }).msg) } } } })
      await app.register(wampPlugin, { realms: { realm1: { roles } }, limits: { bufferedEventBytes: 65_536, bufferedBytes: 200_000 } })
      await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
      t.teardown(() => app.close())
      const backend: InProcessSession = app.wamp.join('realm1')
      app.wampRoute({ method: 'POST', url: '/route', procedure: 'com.example.large', as: backend })
      app.wampRoute({ method: 'POST', url: '/octets', procedure: 'com.example.octets', as: backend })
      // Each of these characters is two octets.
      await backend.register('com.example.large', () => 'ä'.repeat(60_000))
      await backend.register('com.example.octets', () => Buffer.alloc(120_000))
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const greedy = client(t, url, { initialWindowSize: 0 })
      const body = path === '/call' ? { procedure: 'com.example.large' } : {}
      const first = post(greedy, path, body)
      t.equal(await first.status, 200)
      const second = post(greedy, path, body)
      await once(second.stream, 'close')
      t.equal(second.stream.rstCode, constants.NGHTTP2_CANCEL)
      t.ok(lines.includes('a client does not read: an answer to it was dropped'))
      t.equal(await post(client(t, url), path, body).status, 200, 'others are answered')
      greedy.settings({ initialWindowSize: 65_535 })
      first.stream.resume()
      await once(first.stream, 'close')
      t.equal(await post(greedy, path, body).status, 200, 'when it has read, the next may come')
    })
  }
})

t.test('canceled HTTP/2 requests do not use up the calls of the session of a route with `as`', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(wampPlugin, { realms: { realm1: { roles } }, limits: { pendingCalls: 8 } })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  let tellStarted = (): void => {}
  let tellEnded = (): void => {}
  await backend.register('com.example.wait', async ({ signal }) => {
    tellStarted()
    await once(signal, 'abort')
    tellEnded()
  })
  await backend.register('com.example.answer', () => 'here')
  const as = app.wamp.join('realm1', { role: 'anonymous' })
  app.wampRoute({ method: 'POST', url: '/wait', procedure: 'com.example.wait', as })
  app.wampRoute({ method: 'POST', url: '/answer', procedure: 'com.example.answer', as })
  const session = client(t, await app.listen({ port: 0, host: '127.0.0.1' }))
  for (let i = 0; i < 10; i++) {
    const started = new Promise<void>((resolve) => { tellStarted = resolve })
    const ended = new Promise<void>((resolve) => { tellEnded = resolve })
    const { stream, status } = post(session, '/wait', {})
    const outcome = Promise.race([started.then(() => 'started'), status])
    if (!t.equal(await outcome, 'started', `request ${i}`)) return
    status.catch(() => {})
    stream.close(constants.NGHTTP2_CANCEL)
    await ended
  }
  t.equal(await post(session, '/answer', {}).status, 200)
})

t.test('event streams on an HTTP/2 connection share its buffer limit', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(wampPlugin, { realms: { realm1: { roles } }, limits: { bufferedEventBytes: 65_536 } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const session = client(t, url, { initialWindowSize: 0 })
  const closed: Promise<unknown>[] = []
  for (let i = 0; i < 10; i++) {
    const stream = session.request({ ':path': `/events?topic=com.example.topic${i}` }).on('error', () => {})
    closed.push(new Promise((resolve) => { stream.once('close', resolve) }))
    await once(stream, 'response')
  }
  const backend = app.wamp.join('realm1')
  // Of each stream less than may wait for one alone.
  for (let i = 0; i < 10; i++) for (let n = 0; n < 5; n++) await backend.publish(`com.example.topic${i}`, ['x'.repeat(10_000)])
  await Promise.race(closed)
  t.pass('one is ended')
})

t.test('the event streams of an HTTP/2 connection receive their missed events one at a time, as fast as they are read', async (t) => {
  const app = Fastify({ http2: true })
  await app.register(wampPlugin, { realms: { realm1: { roles, eventHistory: [{ uri: 'com.example.news' }] } } })
  await app.register(wampBridge, { call: '/call', events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.fence', () => {})
  await backend.publish('com.example.news', ['x'.repeat(100_000)])
  // Each stream has a session of its own.
  const asking = new Set<InProcessSession>()
  let asked = (): void => {}
  const { call } = InProcessSession.prototype
  t.intercept(InProcessSession.prototype, 'call', {
    value: function (this: InProcessSession, ...given: Parameters<typeof call>): Promise<unknown> {
      if (given[0] === 'wamp.subscription.get_events') asking.add(this)
      asked()
      return call.apply(this, given)
    }
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const greedy = client(t, url, { initialWindowSize: 0 })
  const open = async (): Promise<ClientHttp2Stream> => {
    const stream = greedy.request({ ':path': '/events?topic=com.example.news', 'last-event-id': '5' }).on('error', () => {})
    await once(stream, 'response')
    await post(client(t, url), '/call', { procedure: 'com.example.fence' }).status
    return stream
  }
  const first = await open()
  t.equal(asking.size, 1)
  const second = await open()
  t.equal(asking.size, 1)
  const next = new Promise<void>((resolve) => { asked = resolve })
  first.close(constants.NGHTTP2_CANCEL)
  await next
  t.equal(asking.size, 2)
  greedy.settings({ initialWindowSize: 65_535 })
  let text = ''
  second.setEncoding('utf8')
  for await (const part of second as AsyncIterable<string>) {
    text += part
    if (/^id: \d+\ndata: .*"x+".*\n\n/m.test(text)) break
  }
  t.pass('the other one is given it then')
})
