import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import { UNITS_OF_TURN, unitsSpent } from '../../plugin/work.ts'
import { everything } from '../helper/build-router.ts'

t.test('calls of a route are charged as requests, before these are made', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  app.post('/route', { config: { wamp: { realm: 'realm1', procedure: 'com.example.route' } } }, async () => 'done')
  t.teardown(() => app.close())
  const client = await app.injectWamp({ realm: 'realm1', role: 'anonymous' })
  const before = unitsSpent()
  const calls = Array.from({ length: 10 }, () => client.call('com.example.route'))
  await Promise.resolve()
  const spent = unitsSpent() - before
  t.ok(spent > UNITS_OF_TURN, `${spent} units for 10 calls`)
  t.same(await Promise.all(calls), Array(10).fill('done'))
})

t.test('a call of a procedure of the app is charged for the delivery of its values', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.procedure', () => 'done')
  const events: unknown[] = []
  await backend.subscribe('com.example.topic', ({ args }) => { events.push(args[0]) })
  const client = await app.injectWamp({ realm: 'realm1', role: 'anonymous' })
  const cost = async (act: () => Promise<unknown>): Promise<number> => {
    const before = unitsSpent()
    await act()
    return unitsSpent() - before
  }
  const called = await cost(() => client.call('com.example.procedure'))
  const nobody = await cost(() => client.publish('com.example.nobody', [1]))
  const published = await cost(() => client.publish('com.example.topic', [1]))
  t.ok(called > 240, `${called} units for a call`)
  t.ok(published - nobody > 50, `${published - nobody} units for an event`)
  t.same(events, [1])
})
