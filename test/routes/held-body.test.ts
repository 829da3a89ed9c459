import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

t.test('a body for which there is no memory is refused, until the request before it has been answered', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { heldBytes: 100_000 } })
  t.teardown(() => app.close())
  let answer = (): void => {}
  let called = (): void => {}
  await app.wamp.join('realm1').register('com.example.wait', async () => {
    called()
    await new Promise<void>((resolve) => { answer = resolve })
  })
  app.wampRoute({ method: 'POST', url: '/wait', procedure: 'com.example.wait', contract: { kwargs: { type: 'object', additionalProperties: true } }, as: app.wamp.join('realm1') })
  const post = async (items: number): Promise<number> => (await app.inject({ method: 'POST', url: '/wait', payload: { a: Array.from({ length: items }, () => ({})) } })).statusCode
  t.equal(await post(2000), 429)
  for (let i = 0; i < 3; i++) {
    const waiting = new Promise<void>((resolve) => { called = resolve })
    const first = post(400)
    await waiting
    t.equal(await post(400), 429)
    answer()
    t.equal(await first, 204)
  }
})
