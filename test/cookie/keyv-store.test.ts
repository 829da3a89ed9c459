import Keyv from 'keyv'
import { mock } from 'node:test'
import t from 'tap'
import { keyOf, useKeyOf } from '../../plugin/cookie/cookie-id.ts'
import { isKeyv } from '../../plugin/cookie/keyv-storage.ts'
import type { KeyvLike } from '../../plugin/cookie/keyv-storage.ts'
import { KeyvStore } from '../../plugin/cookie/keyv-store.ts'
import { openCookieStore } from '../../plugin/cookie/cookie-stores.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { settled } from '../helper/build-router.ts'
import { Browser, buildTracker, principal } from './build-tracker.ts'
import { key, record, testStore } from './store-contract.ts'

async function list (store: KeyvStore): Promise<string[]> {
  const keys = []
  for await (const [key] of store.entries()) keys.push(key)
  return keys
}

t.test('the Keyv store fulfills the contract of a cookie store', async (t) => {
  await testStore(t, async () => new KeyvStore(new Keyv()))
})

t.test('an instance of Keyv is recognized by its methods, and a bare storage is not accepted', async (t) => {
  t.ok(isKeyv(new Keyv()))
  const { store } = buildTracker()
  t.notOk(isKeyv(store))
  const { endpoint } = resolveOptions({ realms: { realm1: { roles: { anonymous: {} } } }, cookie: { store: new Keyv() } })
  const opened = await openCookieStore(endpoint.cookie!.store, { warn () {}, error () {} })
  t.ok(opened.store instanceof KeyvStore)
  t.ok(opened.shared, 'others may change it')
})

t.test('a record has a time to live where the storage removes what has expired, and none where a sweep does', async (t) => {
  for (const [given, removes] of [[{ ttlSupport: true }, true], [{ opts: { dialect: 'redis' } }, true], [{ ttlSupport: false }, false], [{}, false]] as const) {
    const ttls: (number | undefined)[] = []
    const keyv = new Keyv()
    Object.assign(keyv.store as object, given)
    t.capture(keyv, 'set', async (_key: string, _value: unknown, ttl?: number) => { ttls.push(ttl); return true })
    const store = new KeyvStore(keyv)
    t.equal(store.keepsExpired, !removes)
    await store.set(key(1), record({ created: Date.now(), maxAge: 60 }))
    await store.set(key(2), record({ created: Date.now() - 10_000, maxAge: 1 }))
    if (!removes) {
      t.same(ttls, [0, 0])
      continue
    }
    t.ok(ttls[0]! > 59_000 && ttls[0]! <= 60_000)
    t.equal(ttls[1], 1, 'and never lasts for ever')
  }
})

t.test('a list is rejected if the storage reports an error meanwhile', async (t) => {
  const keyv = new Keyv()
  const store = new KeyvStore(keyv)
  await store.set(key(1), record())
  keyv.iterator = async function * () {
    yield [key(1), record()]
    keyv.emit('error', new Error('lost the connection'))
  }
  await t.rejects(list(store), { message: 'lost the connection' })
})

t.test('an empty list despite a stored record causes an error that names the option to omit', async (t) => {
  const keyv = new Keyv()
  const store = new KeyvStore(keyv)
  keyv.iterator = async function * () {}
  await t.resolves(list(store))
  await store.set(key(1), record())
  await t.rejects(list(store), { message: /Keyv with Map lists none of its records.*useKeyPrefix/ })
  await store.delete(key(1))
  await t.resolves(list(store))
})

t.test('values of other programs in the namespace do not keep logins from being found and revoked', async (t) => {
  for (const value of ['"a text"', '5', '{"value":"a text"}', '{"value":{"created":1}}', '{"value":[1]}', '{"value":null}', 'no JSON', 5, null, undefined]) {
    const map = new Map<string, unknown>()
    const { tracker, logged } = buildTracker({ store: new KeyvStore(new Keyv({ store: map })) })
    map.set('keyv:before', value)
    const connection = await tracker.arrive({ cookieHeader: undefined, secure: false })
    await connection.bind(principal())
    map.set('keyv:after', value)
    t.equal((await tracker.find()).length, 1, String(value))
    t.equal(await tracker.revoke({ authid: 'joe' }), 1)
    t.same(await tracker.find(), [])
    t.ok(logged.length <= 1, 'once at most')
    t.ok(logged.every((line) => line.startsWith('the cookie store contains a value that is not a record') && !line.includes('text')))
    await tracker.close()
  }
})

t.test('a record that is deleted after its key was listed is not taken for a value of another program', async (t) => {
  const map = new Map<string, string>()
  const adapter = {
    opts: { url: '', dialect: 'etcd' },
    get: async (key: string) => map.get(key),
    set: async (key: string, value: string) => map.set(key, value),
    delete: async (key: string) => map.delete(key),
    clear: async () => { map.clear() },
    on () {},
    async * iterator () {
      yield ['keyv:deleted', null]
      yield * map.entries()
    }
  }
  const { tracker, logged } = buildTracker({ store: new KeyvStore(new Keyv({ store: adapter })) })
  await (await new Browser(tracker).open()).bind(principal())
  t.equal((await tracker.find()).length, 1)
  t.same(logged, [])
  await tracker.close()
})

t.test('a damaged record is ignored: its browser can log in and out again, and others are not affected', async (t) => {
  for (const damaged of ['{"value":{"created":17', 'no JSON', '{"value":"a text"}', '']) {
    for (const what of ['cookie', 'login', 'use'] as const) {
      const map = new Map<string, unknown>()
      const { tracker, logged } = buildTracker({ store: new KeyvStore(new Keyv({ store: map })), options: { idleTimeout: 3600 } })
      const [joe, ann] = [new Browser(tracker), new Browser(tracker)]
      await (await joe.open()).bind(principal())
      await (await ann.open()).bind(principal({ authid: 'ann' }))
      const [login] = await tracker.find({ authid: 'joe' })
      const key = { cookie: keyOf(joe.value!), login: login!.cookie, use: useKeyOf(login!.cookie) }[what]
      map.set(`keyv:${key}`, damaged)
      t.equal(await joe.identity(), what === 'use' ? 'joe' : undefined, `${what}: ${damaged}`)
      t.equal(await ann.identity(), 'ann')
      const arrival = { cookieHeader: joe.header, secure: false }
      await t.resolves(tracker.signOut(arrival))
      await t.resolves(tracker.signIn(arrival, principal({ authid: 'bob' })))
      t.equal(await tracker.revoke({ authid: 'ann' }), 1)
      t.same((await tracker.find()).map(({ record }) => record.authid), ['bob'])
      t.ok(logged.length <= 1 && logged.every((line) => line.startsWith('the cookie store contains a value that is not a record')), logged.join())
      await tracker.close()
    }
  }
})

t.test('a record that the storage rejected is reported', async (t) => {
  const keyv = new Keyv()
  t.capture(keyv, 'set', async () => false)
  await t.rejects(new KeyvStore(keyv).set(key(1), record()), { message: 'Keyv with Map did not store a record' })
})

/** As Keyv 6 is: what its storage throws is told by an event only. */
class KeyvSix {
  readonly store = Object.assign(new Map<string, unknown>(), { iterator: undefined as unknown })
  listeners: ((error: unknown) => void)[] = []
  async get (key: string): Promise<unknown> { return this.#quiet(() => this.store.get(key)) }
  async set (key: string, value: unknown): Promise<unknown> { return this.#quiet(() => this.store.set(key, value)) }
  async delete (key: string): Promise<unknown> { return this.#quiet(() => this.store.delete(key)) }
  async disconnect (): Promise<void> {}
  async encode (data: unknown): Promise<unknown> { return JSON.stringify(data) }
  async decode (data: unknown): Promise<unknown> { return JSON.parse(data as string) as unknown }
  async * iterator (): AsyncIterable<[string, unknown]> {}
  on (_event: 'error', listener: (error: unknown) => void): void { this.listeners.push(listener) }
  #quiet (what: () => unknown): unknown {
    try {
      return what()
    } catch (error) {
      for (const listener of this.listeners) listener(error)
      return undefined
    }
  }
}

t.test('Keyv 6 does not report errors, so its storage is used directly', async (t) => {
  const keyv = new KeyvSix()
  const store = new KeyvStore(keyv as unknown as KeyvLike)
  const given = record()
  await store.set(key(1), given)
  t.same(await store.get(key(1)), given)
  await t.rejects(list(store), { message: /cannot be iterated/ })
  t.capture(keyv.store, 'get', () => { throw new Error('no connection') })
  t.equal(await keyv.get(key(1)), undefined)
  await t.rejects(store.get(key(1)), { message: 'no connection' })
})

t.test('a value that Keyv 6 cannot decode does not keep logins from being found and revoked', async (t) => {
  class Decoding extends KeyvSix {
    emit (_event: 'error', error: unknown): void { for (const listener of this.listeners) listener(error) }
    override async decode (data: unknown): Promise<unknown> {
      return await super.decode(data).catch((error: unknown) => { this.emit('error', error) })
    }
  }
  const keyv = new Decoding()
  keyv.store.iterator = keyv.store.entries.bind(keyv.store)
  const { tracker, logged } = buildTracker({ store: new KeyvStore(keyv as unknown as KeyvLike) })
  const browser = new Browser(tracker)
  const connection = await browser.open()
  await connection.bind(principal())
  connection.leave()
  keyv.store.set('of another program', '{"value":')
  t.equal((await tracker.find()).length, 1)
  t.equal(await tracker.revoke({ authid: 'joe' }), 1)
  keyv.store.set(keyOf(browser.value!), '{"value":')
  t.type((await browser.open()).setCookie, 'string', 'the cookie is replaced')
  t.match(logged, [/^the cookie store contains a value that is not a record/])
  t.equal(logged.length, 1)
  await tracker.close()
})

t.test('a failing storage is not treated as one without the login', async (t) => {
  const broken = new Map() as Map<string, unknown>
  const keyv = new Keyv({ store: broken })
  const store = new KeyvStore(keyv)
  t.capture(broken, 'get', () => { throw new Error('no connection') })
  await t.rejects(store.get(key(1)), { message: 'no connection' })
  const { tracker, logged } = buildTracker({ store, shared: true })
  const connection = await tracker.arrive({ cookieHeader: `cbtid=${'a'.repeat(40)}`, secure: false })
  t.equal(connection.setCookie, undefined, 'the browser keeps what it has')
  t.match(logged, [/cannot look up/])
  await connection.bind(principal())
  await tracker.close()
})

t.test('a storage is not queried after it has been closed, because that would reconnect it', async (t) => {
  let asked = 0
  let fail = (_: Error): void => {}
  const waiting = async (): Promise<never> => {
    asked++
    return await new Promise((_resolve, reject) => { fail = reject })
  }
  const adapter = { get: waiting, set: waiting, delete: waiting, clear: waiting, on () {}, opts: {}, disconnect: async () => { fail(new Error('the client is closed')) } }
  const store = new KeyvStore(new Keyv({ store: adapter as never }))
  const looking = store.get(key(1))
  await store.close()
  await t.rejects(looking, { message: /closed/ })
  await t.rejects(store.get(key(1)), { message: /closed/ })
  await t.rejects(store.set(key(1), record()), { message: /closed/ })
  await t.rejects(store.delete(key(1)), { message: /closed/ })
  t.equal(asked, 1, 'only what was asked before')
})

t.test('listing rejects with an error if the storage cannot be iterated', async (t) => {
  const keyv = { get: async () => undefined, set: async () => true, delete: async () => true, disconnect: async () => {}, on: () => {}, store: {} }
  const { tracker } = buildTracker({ store: new KeyvStore(keyv) })
  await t.rejects(tracker.find({ authid: 'joe' }), { message: /cannot be iterated/ })
  await tracker.close()
})

t.test('a change whose answer is lost does not delay a deletion, and is undone if it is applied later', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const records = new Map<string, unknown>()
  let land = (): void => {}
  const keyv = {
    get: async (key: string) => records.get(key),
    set: async (key: string, value: unknown) => { await new Promise<void>((resolve) => { land = () => { records.set(key, value); resolve() } }) },
    delete: async (key: string) => records.delete(key),
    disconnect: async () => {},
    on: () => {},
    store: records
  }
  const store = new KeyvStore(keyv)
  const setting = t.rejects(store.set(key(1), record()), { name: 'TimeoutError' })
  await settled()
  let state = 'waiting'
  const deleting = store.delete(key(1)).then(() => { state = 'deleted' })
  await settled()
  t.equal(state, 'waiting', 'it comes in its turn')
  mock.timers.tick(5000)
  await settled()
  t.equal(state, 'deleted')
  await setting
  await deleting
  land()
  await settled()
  t.same([...records.keys()], [], 'what lands later does not stay')
})
