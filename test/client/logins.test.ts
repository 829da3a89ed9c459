import t from 'tap'
import { ticket, wampcra, wampScram } from 'fastify-wamp/client'
import type { Login } from 'fastify-wamp/client'
import { ScriptedRouter } from './scripted-router.ts'

t.test('an invalid login ends the session at once, and login is not called again', async (t) => {
  for (const none of [null, undefined, {}, 5] as never[]) {
    const router = await ScriptedRouter.start(t)
    let asked = 0
    const joining = router.connect(t, { login: () => { asked++; return none } }).catch((error: unknown) => error)
    const script = await router.connection()
    script.say([3, {}, 'wamp.error.no_matching_auth_method'])
    t.match(await joining, { error: 'wamp.error.authentication_failed', args: ['option "login" is not a login'] })
    t.equal(asked, 1)
  }
})

t.test('if the signal is aborted, no login is requested and no connection is opened', async (t) => {
  const router = await ScriptedRouter.start(t)
  let asked = 0
  const login = (): Login => {
    asked++
    return ticket({ authid: 'joe', ticket: 'x' })
  }
  const reason = new Error('the page is gone')
  await t.rejects(router.connect(t, { cookie: false, login, signal: AbortSignal.abort(reason) }), reason)
  const stop = new AbortController()
  await t.rejects(router.connect(t, { cookie: false, login, signal: stop.signal, onState: () => { stop.abort(reason) } }), reason)
  t.same([asked, router.asked], [0, 0])
})

t.test('the proof of the router is rejected if no challenge has been answered', async (t) => {
  const attempt = await wampScram({ authid: 'joe', password: 'secret' }).begin()
  t.throws(() => attempt.verify!({}), { code: 'WAMP_ERR_LOGIN' })
})

t.test('a challenge that would take hours is refused', async (t) => {
  const login = wampcra({ authid: 'joe', secret: 'secret' })
  for (const extra of [{ iterations: 1e10 }, { iterations: 0 }, { iterations: 'many' }, { keylen: 1e9 }, { keylen: -1 }]) {
    const attempt = await login.begin()
    const answer = async (): Promise<unknown> => await attempt.answer({ method: 'wampcra', extra: { challenge: 'x', salt: 'y', ...extra } })
    t.match(await answer().catch((error: unknown) => error), { code: 'WAMP_ERR_LOGIN', message: /^the challenge requests/ }, JSON.stringify(extra))
  }
})
