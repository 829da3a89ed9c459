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
  // An answer of the route itself has no code; an error of the call has.
  const refused = { statusCode: 429, code: undefined }
  const post = async (items: number): Promise<{ statusCode: number, code: unknown }> => {
    const { statusCode, body } = await app.inject({ method: 'POST', url: '/wait', payload: { a: Array.from({ length: items }, () => ({})) } })
    return { statusCode, code: body === '' ? undefined : (JSON.parse(body) as { code?: unknown }).code }
  }
  t.same(await post(2000), refused)
  for (let i = 0; i < 3; i++) {
    const waiting = new Promise<void>((resolve) => { called = resolve })
    const first = post(400)
    await waiting
    t.match(await post(400), { statusCode: 429 })
    answer()
    t.match(await first, { statusCode: 204 })
  }
})
