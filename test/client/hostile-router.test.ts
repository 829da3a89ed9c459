import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { ticket, wampScram } from 'fastify-wamp/client'
import type { ClientSession, Login } from 'fastify-wamp/client'
import { openClient, reaches, Script, ScriptedRouter } from './scripted-router.ts'

const scram = wampScram({ authid: 'joe', password: 'secret' })

function codeOf (work: Promise<unknown>): Promise<unknown> {
  return work.then(() => 'no error', (error: { code?: unknown }) => error.code)
}

/** A client that logs in, and its connection, which has received HELLO. */
async function begin (t: Test, login: Login, cookie: boolean): Promise<{ joining: Promise<unknown>, script: Script, hello: unknown[] }> {
  const router = await ScriptedRouter.start(t)
  const joining = codeOf(router.connect(t, { login, cookie }))
  const script = await router.connection()
  return { joining, script, hello: (await script.next())! }
}

function challengeOf (hello: unknown[]): unknown[] {
  const { nonce } = (hello[2] as { authextra: { nonce: string } }).authextra
  return [4, 'wamp-scram', { nonce: `${nonce}x`, salt: 'AAAA', iterations: 4096, kdf: 'pbkdf2' }]
}

t.test('a close reason that only begins like a URI ends the connection, and nothing else', async (t) => {
  const router = await ScriptedRouter.start(t)
  const { session, script } = await router.join(t)
  const call = codeOf(session.call('com.slow'))
  await script.next()
  script.socket.close(4000, 'wamp. is no URI')
  t.equal(await call, 'WAMP_ERR_IN_DOUBT')
  t.match(session.end, { reason: 'wamp.error.network_failure', code: 4000 })
  await (await router.connection()).welcome()
  await reaches(session, 'open')
  const joining = codeOf(router.connect(t, { retry: false }))
  const other = await router.connection()
  other.socket.close(4000, 'wamp..x')
  t.equal(await joining, 'wamp.error.network_failure')
})

t.test('without the cookie, a router has to prove its identity, whether or not it challenges the client', async (t) => {
  const { joining, script } = await begin(t, scram, false)
  script.say([2, 1, {}])
  t.match(await script.next(), [3, {}, 'wamp.error.authentication_failed'])
  t.equal(await joining, 'wamp.error.authentication_failed')
  const byCookie = await begin(t, scram, true)
  byCookie.script.say([2, 1, {}])
  t.equal(await byCookie.joining, 'no error', 'a cookie needs no proof')
})

for (const cookie of [true, false]) {
  t.test(`WELCOME, or another CHALLENGE, before the answer to a CHALLENGE is a violation: ${cookie ? 'with' : 'without'} the cookie`, async (t) => {
    for (const early of [[2, 1, {}], [4, 'wamp-scram', {}]]) {
      const { joining, script, hello } = await begin(t, scram, cookie)
      script.say(challengeOf(hello), early)
      t.match(await script.next(), [3, {}, 'wamp.error.protocol_violation'])
      t.equal(await joining, 'wamp.error.protocol_violation')
    }
  })
}

t.test('a router that sends challenges without end is given up', async (t) => {
  const { joining, script } = await begin(t, ticket({ authid: 'joe', ticket: 'x' }), true)
  let answers = 0
  for (;;) {
    script.say([4, 'ticket', {}])
    const message = await script.next()
    if (message?.[0] !== 5) break
    answers++
  }
  t.equal(answers, 100)
  t.equal(await joining, 'wamp.error.protocol_violation')
})

t.test('a serializer that cannot write anything ends it', async (t) => {
  const router = await ScriptedRouter.start(t)
  const serializer = { subprotocol: '', encode () { throw new Error('no form') }, decode: JSON.parse }
  t.equal(await codeOf(router.connect(t, { serializers: [{ ...serializer, subprotocol: 'x' }] })), 'wamp.error.authentication_failed')
})

t.test('nothing is sent after GOODBYE', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  const steps: (() => void)[] = []
  const registering = session.register('com.steps', async ({ progress }) => {
    await new Promise<void>((resolve) => { steps.push(resolve) })
    progress!('nearly')
  })
  await script.next()
  script.say([65, 1, 5], [68, 1, 5, { receive_progress: true }])
  await registering
  const stop = new AbortController()
  const call = codeOf(session.call('com.slow', [], {}, { signal: stop.signal }))
  await script.next()
  const left = session.leave()
  t.match(await script.next(), [6])
  stop.abort()
  for (const step of steps) step()
  t.equal(await call, DOMException.ABORT_ERR)
  script.say([6, {}, 'wamp.close.goodbye_and_out'])
  await left
  t.equal(await script.next(), null, 'neither CANCEL nor YIELD')
})

t.test('an aborted signal ends an iteration, also while the router is silent', async (t) => {
  const { session, script } = await (await ScriptedRouter.start(t)).join(t)
  t.match(await session.events('com.news', { signal: AbortSignal.abort() }).next(), { done: true })
  const stop = new AbortController()
  const next = session.events('com.news', { signal: stop.signal }).next()
  t.match(await script.next(), [32, 1, {}, 'com.news'], 'the only message')
  stop.abort()
  t.match(await next, { done: true })
  script.say([33, 1, 5])
  t.same(await script.next(), [34, 2, 5], 'what comes too late is given up')
})

t.test('requests that wait for a connection reject when the session ends at once and for good', async (t) => {
  const router = await ScriptedRouter.start(t)
  const sockets: WebSocket[] = []
  class Kept extends WebSocket {
    constructor (...given: ConstructorParameters<typeof WebSocket>) {
      super(...given)
      sockets.push(this)
    }
  }
  const session: ClientSession = await (async () => {
    const joining = openClient(t, router.url, { WebSocket: Kept, queue: 10 })
    await (await router.connection()).welcome()
    return await joining
  })()
  sockets[0]!.terminate()
  await reaches(session, 'waiting')
  const waiting = [session.subscribe('com.a', () => {}), session.register('com.b', () => {}), session.events('com.c').next(), session.call('com.d'), session.publish('com.e')].map(codeOf)
  session.onState((state) => { if (state === 'open') sockets[1]!.emit('close', 1002, Buffer.from('')) })
  await (await router.connection()).welcome()
  await reaches(session, 'closed')
  t.same(await Promise.all(waiting), ['WAMP_ERR_SESSION_CLOSED', 'WAMP_ERR_SESSION_CLOSED', 'WAMP_ERR_SESSION_CLOSED', 'WAMP_ERR_NOT_CONNECTED', 'WAMP_ERR_NOT_CONNECTED'])
})
