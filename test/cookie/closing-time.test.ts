import { mock } from 'node:test'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampEndpoint } from 'fastify-wamp'
import type { LoginFilter, StoredRecord } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { everything, settled } from '../helper/build-router.ts'

/** Milliseconds of an operation that is slow but in time. */
const SLOW = 4900
/** Milliseconds of the time limits in docs/operate.md: for an operation of a request, for pending changes, and for closing the store. */
const [OPERATION, CHANGES, CLOSING] = [5000, 10_000, 30_000]

type Fault = 'slow changes' | 'failing changes' | 'endless list' | 'endless list at once' | 'slow close'

/** Milliseconds of each step of the clock. */
const STEP = 100

const foreign: [string, StoredRecord] = ['f'.repeat(64), { created: 1, maxAge: 1, login: 'e'.repeat(64) }]

/** A store that answers, but is slow. */
class SlowStore extends MemoryStore {
  faults: readonly Fault[] = []

  override get (key: string): StoredRecord | undefined { return this.#wait('slow changes', () => super.get(key)) }
  override set (key: string, record: StoredRecord): void { return this.#wait('slow changes', () => { super.set(key, record) }) }
  override delete (key: string): void {
    if (this.faults.includes('failing changes')) throw new Error('disk full')
    return this.#wait('slow changes', () => { super.delete(key) })
  }

  override entries (): ReturnType<MemoryStore['entries']> {
    if (this.faults.includes('endless list at once')) return this.#endless()
    return this.faults.includes('endless list') ? this.#slowly() as unknown as ReturnType<MemoryStore['entries']> : super.entries()
  }

  * #endless (): Generator<[string, StoredRecord]> {
    while (this.faults.length > 0) yield foreign
  }

  async * #slowly (): AsyncGenerator<[string, StoredRecord]> {
    for (const next of this.#endless()) {
      await new Promise<void>((resolve) => { setTimeout(resolve, 10 * STEP) })
      yield next
    }
  }

  override close (): void { return this.#wait('slow close', () => {}, CLOSING - STEP) }

  #wait<T> (fault: Fault, answer: () => T, milliseconds = SLOW): T {
    if (!this.faults.includes(fault)) return answer()
    return new Promise<void>((resolve) => { setTimeout(resolve, milliseconds) }).then(answer) as unknown as T
  }
}

/** An app with two stores, and a user who is logged in at both. */
class App {
  readonly app = Fastify()
  readonly stores = [new SlowStore(), new SlowStore()] as const
  /** The requests that have not reached the app yet. */
  onTheirWay = 0
  #cookie = ''
  #port = 0

  static async build (): Promise<App> {
    const built = new App()
    const { app, stores } = built
    const auth = { cookie: {}, anonymous: { type: 'static' } } as const
    await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, auth, cookie: { store: stores[0] } })
    await app.register(wampEndpoint, { path: '/other', auth, cookie: { store: stores[1], name: 'other' } })
    app.addHook('onRequest', async () => { built.onTheirWay-- })
    app.post('/login', async (_, reply) => { await reply.wampSignIn('realm1', { authid: 'joe', role: 'anonymous' }) })
    app.post('/logout', async (_, reply) => { await reply.wampSignOut() })
    app.post('/logins', async () => await app.wampCookies!.find())
    await app.listen({ port: 0, host: '127.0.0.1' })
    built.#port = (app.server.address() as AddressInfo).port
    built.#cookie = String((await app.inject({ method: 'POST', url: '/login' })).headers['set-cookie']).split(';')[0]!
    built.onTheirWay = 0
    return built
  }

  async post (path: string): Promise<void> {
    this.onTheirWay++
    const sent = request({ port: this.#port, host: '127.0.0.1', method: 'POST', path, headers: { cookie: this.#cookie }, agent: false }).end()
    const [response] = await once(sent, 'response') as [IncomingMessage]
    response.resume()
    await once(response, 'end')
  }

  async revoke (filter: LoginFilter): Promise<number> {
    return await this.app.wampCookies!.revoke(filter)
  }
}

/** What an app may wait for when it begins to close, and the milliseconds that requests in flight may take: a logout has up to five operations, one after the other. */
const waits: Record<string, readonly [most: number, wait: (app: App) => Promise<unknown>]> = {
  nothing: [0, async () => {}],
  'a revocation': [0, (app) => app.revoke({ authid: 'joe' })],
  'two revocations': [0, (app) => Promise.all([app.revoke({ authid: 'joe' }), app.revoke({ realm: 'realm1' })])],
  'a logout': [5 * OPERATION, (app) => app.post('/logout')],
  'requests that list logins': [OPERATION, (app) => Promise.all([app.post('/logins'), app.post('/logins')])],
  everything: [5 * OPERATION, (app) => Promise.all([app.revoke({ authid: 'joe' }), app.post('/logins'), app.post('/logout')])]
}

t.test('an app closes within the time limits, however slow its cookie stores are, and whatever they are asked', async (t) => {
  let now = 0
  const pass = async (): Promise<void> => {
    mock.timers.tick(STEP)
    now += STEP
    for (let i = 0; i < 10; i++) await settled()
  }
  t.capture(performance, 'now', () => now)
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const all: readonly Fault[] = ['slow changes', 'failing changes', 'endless list', 'slow close']
  for (const faults of [...all.map((fault) => [fault]), ['endless list at once'], ['slow changes', 'endless list'], all] as Fault[][]) {
    for (const [name, [requests, wait]] of Object.entries(waits)) {
      const built = await App.build()
      for (const store of built.stores) store.faults = faults
      wait(built).catch(() => {})
      while (built.onTheirWay > 0) await settled()
      for (let i = 0; i < 10; i++) await pass()
      const since = now
      const most = requests + CHANGES + (faults.includes('slow close') ? CLOSING : 0)
      let state: 'closing' | 'closed' = 'closing'
      const closing = built.app.close().finally(() => { state = 'closed' })
      const isClosing = (): boolean => state === 'closing'
      const isLate = (): boolean => now - since > most + 2 * STEP
      while (isClosing() && !isLate()) await pass()
      t.notOk(isLate(), `${name}: ${faults.join(' and ')}, ${now - since} of ${most} ms`)
      for (const store of built.stores) store.faults = []
      while (isClosing()) await pass()
      await closing
    }
  }
})
