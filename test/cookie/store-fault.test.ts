import { MemoryStore as SessionStore } from '@fastify/session'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'
import t from 'tap'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { storeFault } from '../../plugin/cookie/store-fault.ts'

const url = 'redis://127.0.0.1:1'

t.test('a store and an instance of Keyv are accepted', async (t) => {
  for (const store of [new MemoryStore(), new Keyv(), new Keyv({ store: new Map() }), new Keyv({ store: new KeyvRedis(url) })]) t.equal(storeFault(store), null)
})

t.test('values that look like a store are refused with the reason, and with the fix', async (t) => {
  const { get, set, delete: remove } = MemoryStore.prototype
  for (const [value, expected] of [
    [new KeyvRedis(url), 'must be an instance of Keyv: use new Keyv({ store: … }) with this KeyvRedis'],
    [new Map(), 'must be an instance of Keyv: use new Keyv({ store: … }) with this Map'],
    [{ get, set, delete: remove, clear () {}, constructor: { name: 'KeyvMemcache' } }, 'must be an instance of Keyv: use new Keyv({ store: … }) with this KeyvMemcache'],
    [Keyv, 'must be an instance, and not a class: use new Keyv(…)'],
    [MemoryStore, 'must be an instance, and not a class: use new MemoryStore(…)'],
    [() => new MemoryStore(), 'must be a cookie store, or an instance of Keyv, and not a function'],
    [Promise.resolve(new MemoryStore()), 'must be a cookie store, or an instance of Keyv, and not a promise: await it'],
    [new SessionStore(new Map()), 'must be a cookie store, or an instance of Keyv, and not a store of sessions, such as one of @fastify/session'],
    [{ get, set, delete: remove, close () {} }, 'must be a cookie store, or an instance of Keyv: it has no entries'],
    [{ get, set }, 'must be a cookie store, or an instance of Keyv: it has no delete, entries, close'],
    [Object.create(null), 'must be a cookie store, or an instance of Keyv: it has no get, set, delete, entries, close'],
    ['redis://joe:secret@localhost', 'must be a cookie store, or an instance of Keyv, and not a string'],
    [null, 'must be a cookie store, or an instance of Keyv, and not null']
  ] as const) t.equal(storeFault(value), expected)
})
