import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { WampError } from 'fastify-wamp'
import { injectWamp } from 'fastify-wamp/testing'
import { everything } from '../helper/build-router.ts'

const codecs = ['json', 'msgpack', 'cbor'] as const
const realms = { realm1: { roles: { anonymous: everything, frontend: everything, guest: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: { subscribe: true } }] } } } } as const

for (const codec of codecs) {
  t.test(`an injected client needs no port, and its values go through its serializer, over ${codec}`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(wampPlugin, { realms })
    const joe = await app.injectWamp({ realm: 'realm1', authid: 'joe', role: 'frontend', codec })
    t.notOk(app.server.listening)
    t.match(joe.principal, { realm: 'realm1', authid: 'joe', authrole: 'frontend' })

    await joe.register('com.example.echo', ({ args: [value], details }) => ({ value, details }), {})
    const ann = await injectWamp(app, { realm: 'realm1', authid: 'ann', role: 'frontend', codec })
    t.match(await ann.call('com.example.echo', [{ octets: Buffer.from([1, 2]), big: 2n ** 60n }]), {
      value: { octets: Buffer.from([1, 2]), big: 2n ** 60n }
    })
    t.strictSame(await ann.call('com.example.echo', [{ gone: undefined }]), { value: {}, details: {} }, 'no serializer has undefined')
    await t.rejects(ann.call('com.example.echo', [() => {}]))
    await t.rejects(ann.call('com.example.nothing'), { name: 'WampError', error: 'wamp.error.no_such_procedure' })
  })

  t.test(`a fence resolves after all that was sent before, and so proves silence, over ${codec}`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(wampPlugin, { realms })
    const guest = await app.injectWamp({ realm: 'realm1', role: 'guest', codec })
    const backend = await app.injectWamp({ realm: 'realm1', codec })
    const seen: unknown[] = []
    await guest.subscribe('com.example.news', ({ args: [news] }) => { seen.push(news) })
    backend.publish('com.example.news', ['one'])
    backend.publish('com.example.news', ['two'], {}, { exclude: [guest.id] })
    backend.publish('com.example.news', ['three'])
    await backend.fence()
    await guest.fence()
    t.strictSame(seen, ['one', 'three'])
    await t.rejects(guest.publish('com.example.news'), WampError, 'it is held to its permissions')
    await guest.leave()
    await t.rejects(guest.fence(), { code: 'WAMP_ERR_SESSION_CLOSED' })
  })
}

t.test('invalid options of an injected client cause an error that says why', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  await t.rejects(app.injectWamp({ realm: 'nowhere' }), { code: 'WAMP_ERR_NO_SUCH_REALM' })
  await t.rejects(app.injectWamp({ realm: 'realm1', role: 'nobody' }), { code: 'WAMP_ERR_NO_SUCH_ROLE' })
  await t.rejects(app.injectWamp({ realm: 'realm1', codec: 'xml' as 'json' }), { code: 'WAMP_ERR_INVALID_OPTION', message: /"codec"/ })
})

t.test('a value that the serializer of the receiver cannot represent is not delivered, and causes no harm', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  const backend = app.wamp.join('realm1')
  const joe = await app.injectWamp({ realm: 'realm1', codec: 'msgpack' })
  const seen: unknown[] = []
  await joe.subscribe('com.example.news', ({ args }) => { seen.push(args) })
  await backend.publish('com.example.news', [2n ** 70n])
  await backend.publish('com.example.news', ['next'])
  await joe.fence()
  t.strictSame(seen, [['next']])
})

t.test('an app that is still loading can be given to injectWamp of fastify-wamp/testing', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(wampPlugin, { realms })
  const client = await injectWamp(app, { realm: 'realm1' })
  t.match(client.principal, { authid: 'app', authrole: 'trusted' })
})
