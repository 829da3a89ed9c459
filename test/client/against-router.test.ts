import t from 'tap'
import { CallResult, WampError } from 'fastify-wamp/client'
import { buildApp } from '../helper/build-app.ts'
import { openClient } from './scripted-router.ts'

t.test('smoke', async (t) => {
  const { url } = await buildApp(t)
  const a = await openClient(t, url)
  const b = await openClient(t, url)
  await a.register('com.add', ({ args: [x, y], progress }) => { progress?.(1); return Number(x) + Number(y) })
  t.equal(await b.call('com.add', [2, 3]), 5)
  const it = b.results<number>('com.add', [2, 3])
  t.same(await it.next(), { value: 1, done: false })
  t.same(await it.next(), { value: 5, done: true })
  await t.rejects(b.call('com.none'), { name: 'WampError', error: 'wamp.error.no_such_procedure' })
  const seen: unknown[] = []
  const s = await a.subscribe('com.t', ({ args }) => { seen.push(args) })
  await b.publish('com.t', [new Uint8Array([1, 2])])
  await a.call('com.add', [1, 1])
  t.same(seen, [[new Uint8Array([1, 2])]])
  await s.unsubscribe()
  await a.leave()
  await b.leave()
  t.ok(CallResult); t.ok(WampError)
})
