import t from 'tap'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'
import { EventStream } from '../../routes/event-stream.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { everything } from '../helper/build-router.ts'

t.test('the subscriptions of a stream that ends are removed in later turns, or with its session', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.ready()
  const topics = Array.from({ length: 100 }, (_, i) => `com.example.t${i}`)
  const log = { debug () {}, info () {}, warn () {}, error () {} }
  const watcher = app.wamp.join('realm1')
  for (const ends of ['the stream', 'the session as well']) {
    const session = app.wamp.join('realm1', { role: 'anonymous' })
    const stream = new EventStream({ owner: {}, bufferedBytes: 1000, cut () {}, outflow: { writableNeedDrain: false, on () {} }, log: log as never })
    let [before, spent] = [0, 0]
    stream.whenEnded(() => {
      spent = unitsSpent() - before
      if (ends !== 'the stream') session.leave().catch(() => {})
    })
    await stream.open(session, { topics, options: { match: 'exact', get_retained: false }, last: null })
    const gone = new Promise<void>((resolve) => {
      let left = topics.length
      watcher.subscribe('wamp.subscription.on_delete', () => { if (--left === 0) resolve() }).catch(() => {})
    })
    await new Promise((resolve) => { setImmediate(resolve) })
    before = unitsSpent()
    stream.end()
    t.ok(spent < topics.length, `${ends} ends`)
    await gone
  }
})
