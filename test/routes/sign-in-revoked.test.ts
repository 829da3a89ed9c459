import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from '../../plugin/index.ts'
import type { CookieStore } from '../../plugin/index.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'

t.test('a REST login whose user is revoked rejects, however far it has come', async (t) => {
  const outcomes = new Set<string>()
  for (let step = 0; step < 20; step++) {
    const memory = new MemoryStore()
    let steps = 0
    let revoking: Promise<number> | undefined
    const at = async <T>(act: () => T): Promise<T> => {
      // The store has not answered when the user is revoked.
      if (revoking === undefined && steps++ === step) revoking = app.wampCookies!.revoke({ authid: 'joe' })
      return act()
    }
    const store: CookieStore = {
      get: async (key) => await at(() => memory.get(key)),
      set: async (key, record) => { await at(() => { memory.set(key, record) }) },
      delete: async (key) => { await at(() => { memory.delete(key) }) },
      entries: () => memory.entries(),
      close: () => {}
    }
    const app = Fastify()
    await app.register(wampPlugin, { realms: { realm1: { roles: { user: { permissions: [{ uri: '', match: 'prefix', allow: { publish: true } }] } } } }, auth: { cookie: {} }, cookie: { store } })
    app.post('/login', async (request, reply) => {
      try {
        await reply.wampSignIn('realm1', { authid: 'joe', role: 'user' })
      } catch (error) {
        return (error as { code: string }).code
      }
      await revoking
      try {
        await request.wamp.publish('com.example.topic', [], {}, { acknowledge: true })
        return 'published'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    await app.ready()
    // The first request is not affected: its login is that of the cookie of the second one.
    steps = -Infinity
    const first = await app.inject({ method: 'POST', url: '/login' })
    steps = 0
    const [cookie] = first.cookies
    const second = await app.inject({ method: 'POST', url: '/login', cookies: { [cookie!.name]: cookie!.value } })
    const isRevoked = revoking !== undefined
    t.equal(second.body, isRevoked ? 'WAMP_ERR_SIGN_IN' : 'published', `revoked in step ${step}`)
    outcomes.add(second.body)
    await app.close()
  }
  t.ok(outcomes.has('WAMP_ERR_SIGN_IN') && outcomes.has('published'), 'the revocations come in all steps')
})
