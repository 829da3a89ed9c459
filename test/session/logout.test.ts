import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import wampPlugin, { wampLongPoll } from 'fastify-wamp'
import type { StoredRecord } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { buildRouter, everything, settled } from '../helper/build-router.ts'
import { LongPollClient } from '../helper/long-poll-client.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'

/** A store that cannot be read while it is down, and not be written while it is full. */
class FailingStore extends MemoryStore {
  state: 'up' | 'down' | 'full' = 'up'

  override get (key: string): StoredRecord | undefined {
    if (this.state === 'down') throw new Error('down')
    return super.get(key)
  }

  override delete (key: string): void {
    if (this.state === 'full') throw new Error('full')
    super.delete(key)
  }
}

const complete = [6, {}, 'wamp.close.goodbye_and_out']
const incomplete = [6, { message: /^the logout is not complete/ }, 'wamp.close.goodbye_and_out']
const { roles } = HELLO[2]

/** A function that opens a connection of the browser of joe, who has logged in by its cookie. */
async function browserOf (t: Test, store: FailingStore, kind: 'WebSocket' | 'long-poll'): Promise<() => Promise<WireClient | LongPollClient>> {
  const auth = { cookie: {}, anonymous: { type: 'static', role: 'user' }, ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } } } as const
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { user: everything } } }, auth, cookie: { store } })
  await app.register(wampLongPoll, { auth, cookie: { store } })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const host = `127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const first = await WireClient.connect(t, `ws://${host}/ws`, wireCodecs[0]!)
  await first.ask([1, 'realm1', { roles, authmethods: ['ticket'], authid: 'joe' }])
  await first.ask([5, 'secret', {}])
  const headers = { cookie: first.setCookie!.split(';')[0]! }
  if (kind === 'WebSocket') return async () => await WireClient.connect(t, `ws://${host}/ws`, wireCodecs[0]!, { headers })
  return async () => await LongPollClient.connect(t, `http://${host}/lp`, wireCodecs[0]!, headers)
}

for (const kind of ['WebSocket', 'long-poll'] as const) {
  t.test(`a logout that the store cannot write is answered with a message until it is written, over ${kind}`, async (t) => {
    const store = new FailingStore()
    const client = await (await browserOf(t, store, kind))()
    await client.join({ roles, authmethods: ['cookie'] })
    store.state = 'full'
    t.match(await client.ask([6, {}, 'wamp.close.logout']), incomplete)
    t.match(await client.ask([1, 'realm1', { roles, authmethods: ['cookie'] }]), [3])
  })

  t.test(`a logout on a cookie that the store cannot look up is answered with a message, over ${kind}`, async (t) => {
    const store = new FailingStore()
    const open = await browserOf(t, store, kind)
    store.state = 'down'
    const client = await open()
    await client.join({ roles })
    t.match(await client.ask([6, {}, 'wamp.close.logout']), incomplete)
  })
}

t.test('a logout is tried again on the same connection, and is answered without a message when the store has deleted the login', async (t) => {
  const store = new FailingStore()
  const client = await (await browserOf(t, store, 'WebSocket'))()
  await client.join({ roles, authmethods: ['cookie'] })
  store.state = 'full'
  for (let i = 0; i < 2; i++) {
    t.match(await client.ask([6, {}, 'wamp.close.logout']), incomplete)
    await client.join({ roles })
  }
  store.state = 'up'
  t.same(await client.ask([6, {}, 'wamp.close.logout']), complete)
  t.same([...store.entries()], [])
})

t.test('a logout of which the app could not be told is answered with a message', async (t) => {
  for (const [onLogout, answer] of [[() => {}, complete], [() => { throw new Error('no') }, incomplete], [async () => { throw new Error('no') }, incomplete]] as const) {
    const { connect } = buildRouter()
    const client = connect({ methods: { anonymous: () => ({ authid: 'joe', role: 'anonymous', onLogout }) } }).say(HELLO)
    await settled()
    client.heard()
    client.say([6, {}, 'wamp.close.logout'])
    await settled()
    t.match(client.heard(), [answer])
  }
})
