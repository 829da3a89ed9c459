import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { spend, UNITS_OF_TURN } from '../../plugin/work.ts'

t.test('requests that come at once wait when the units of a turn are used up, and are all answered', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'com.example.', match: 'prefix', allow: { call: true } }] } } } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  let turn = 0
  const turnsOfCalls = new Set<number>()
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.heavy', () => {
    turnsOfCalls.add(turn)
    spend(UNITS_OF_TURN)
  })
  app.wampRoute({ method: 'POST', url: '/heavy', procedure: 'com.example.heavy', as: backend })
  await app.ready()
  let counting = setImmediate(function count () {
    turn++
    counting = setImmediate(count)
  })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => app.inject({ method: 'POST', ...(i % 2 === 0 ? { url: '/call', payload: { procedure: 'com.example.heavy' } } : { url: '/heavy', payload: {} }) })))
  clearImmediate(counting)
  t.ok(answers.every(({ statusCode }) => statusCode < 300))
  t.ok(turnsOfCalls.size >= 18, `20 calls that use up a turn each are made in ${turnsOfCalls.size} turns`)
})
