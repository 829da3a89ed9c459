import { mock } from 'node:test'
import t from 'tap'
import type { AuthOptions } from '../../plugin/auth-options.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const procedure = 'com.example.backend'
const dynamic = { type: 'dynamic', authenticator: procedure } as const
const auth: AuthOptions = {
  anonymous: { type: 'static' },
  wampcra: dynamic,
  cryptosign: dynamic,
  'wamp-scram': dynamic,
  ticket: dynamic,
  // The users of the authorizer's role.
  tls: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'user' }) }
}
/** What the backend knows of a user, for all methods. */
const answer = { role: 'anonymous', secret: 'x', pubkey: '00'.repeat(32), kdf: 'pbkdf2', salt: 'c2FsdA==', iterations: 100, 'stored-key': 'AAAA', 'server-key': 'AAAA' }
const realms = { realm1: { roles: { anonymous: everything, user: { authorizer: procedure } } } }
const helloBy = (method: string): unknown[] => helloAs({ authid: 'joe', authmethods: [method] }) as unknown[]

/** A router, and the backend that it asks, which can be interrupted unless `features` says otherwise. */
async function build (features: readonly string[] = ['call_canceling'], failedLogins = {}): Promise<ReturnType<typeof buildRouter> & { backend: TestClient, pending: () => number }> {
  const built = buildRouter({ realms, auth, ...failedLogins })
  const backend = await built.join(helloAs({}, features))
  backend.ask([64, 1, {}, procedure])
  return { ...built, backend, pending: () => built.router.census().get('realm1')!.calls }
}

/** A client of whom the backend is being asked. */
async function attemptBy (connect: () => TestClient, method: string): Promise<TestClient> {
  const client = connect().say(helloBy(method))
  await settled()
  if (method === 'ticket') client.say([5, 'a guess', {}])
  await settled()
  return client
}

t.test('a client that leaves cancels the call of its dynamic authenticator', async (t) => {
  for (const method of ['wampcra', 'cryptosign', 'wamp-scram', 'ticket']) {
    const { connect, backend, pending, logged } = await build()
    const [gone, aborting, staying] = [await attemptBy(connect, method), await attemptBy(connect, method), await attemptBy(connect, method)]
    const [first, second, third] = backend.heard()
    t.match([first, second, third], [[68], [68], [68]], method)
    gone.connection.closed()
    t.same(backend.heard(), [[69, first![1], { mode: 'killnowait' }]])
    aborting.say([3, {}, 'wamp.close.normal'])
    t.same(backend.heard(), [[69, second![1], { mode: 'killnowait' }]])
    t.equal(pending(), 1)
    backend.say([70, first![1], {}, ['anonymous']], [70, third![1], {}, [answer]])
    await settled()
    t.equal(pending(), 0)
    t.not(staying.heard().length, 0, 'the answer for another client is used')
    await settled()
    t.same(logged, [], 'nothing failed')
  }
})

t.test('a call of a dynamic authenticator is abandoned if its procedure cannot be interrupted, or if the attempt times out', async (t) => {
  const { connect, backend, pending } = await build([])
  const gone = await attemptBy(connect, 'wampcra')
  t.equal(pending(), 1)
  gone.connection.closed()
  t.equal(pending(), 0)
  t.match(backend.heard(), [[68]], 'it is not told what it does not understand')

  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const slow = await attemptBy(connect, 'wampcra')
  t.equal(pending(), 1)
  mock.timers.tick(10_000)
  await settled()
  t.match(slow.heard(), [[3, {}, 'wamp.error.authentication_failed']])
  t.equal(pending(), 0)
})

t.test('a ticket counts as a failed login if its client leaves before the answer; a lookup or a timeout does not', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect } = await build(['call_canceling'], { failedLogins: { authid: 4 } })
  const isRefused = async (): Promise<boolean> => {
    const client = connect().say(helloBy('ticket'))
    await settled()
    return client.heard().some(([, , reason]) => reason === 'fastify_wamp.error.too_many_failed_logins')
  }
  for (let i = 0; i < 10; i++) {
    const client = await attemptBy(connect, 'wampcra')
    client.connection.closed()
    await settled()
  }
  for (let i = 0; i < 10; i++) {
    await attemptBy(connect, 'ticket')
    mock.timers.tick(10_000)
    await settled()
  }
  t.notOk(await isRefused())
  for (let i = 0; i < 4; i++) {
    t.notOk(await isRefused())
    const client = await attemptBy(connect, 'ticket')
    client.connection.closed()
    await settled()
  }
  t.ok(await isRefused())
})

t.test('a guess that makes the procedure of a dynamic authenticator fail counts; a failed lookup does not', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const failures = ['runtime_error', 'invalid_argument', 'not_authorized', 'authorization_failed']
  const undecided = ['unavailable', 'canceled', 'no_available_callee']
  for (const method of ['ticket', 'wampcra', 'cryptosign', 'wamp-scram']) {
    for (const error of [...failures, ...undecided]) {
      const { connect, backend } = await build(['call_canceling'], { failedLogins: { authid: 4 } })
      let asked = 0
      for (let i = 0; i < 8; i++) {
        await attemptBy(connect, method)
        for (const [, request] of backend.heard()) {
          asked++
          backend.say([8, 68, request, {}, `wamp.error.${error}`])
        }
        await settled()
        mock.timers.tick(1500)
      }
      t.equal(asked, method === 'ticket' && failures.includes(error) ? 4 : 8, `${method}: ${error}`)
    }
  }
})

t.test('a session that leaves cancels the calls of its dynamic authorizer', async (t) => {
  const { join, backend, pending, logged } = await build()
  const [leaving, gone, staying] = [await join(helloBy('tls')), await join(helloBy('tls')), await join(helloBy('tls'))]
  for (const client of [leaving, gone, staying]) client.say([32, 1, {}, 'com.example.topic'])
  const [first, second, third] = backend.heard()
  leaving.say([6, {}, 'wamp.close.close_realm'])
  t.same(backend.heard(), [], 'GOODBYE waits for the request before it')
  leaving.connection.closed()
  t.same(backend.heard(), [[69, first![1], { mode: 'killnowait' }]])
  gone.connection.closed()
  t.same(backend.heard(), [[69, second![1], { mode: 'killnowait' }]])
  t.equal(pending(), 1)
  backend.say([70, third![1], {}, [true]])
  await settled()
  t.match(staying.heard(), [[33, 1]])
  t.equal(pending(), 0)
  t.same(logged, [], 'nothing failed')
})

t.test('testaments of a session that has left are authorized', async (t) => {
  const { join, backend } = await build()
  backend.ask([32, 2, {}, 'com.example.topic'])
  const leaving = await join(helloBy('tls'))
  const answer = async (): Promise<void> => {
    for (const [type, request] of backend.heard()) if (type === 68) backend.say([70, request, {}, [true]])
    await settled()
  }
  leaving.say([48, 1, {}, 'wamp.session.add_testament', ['com.example.topic', ['farewell'], {}]])
  // Asked about the call, and about the publication.
  await answer()
  await answer()
  t.match(leaving.heard(), [[50, 1]])
  leaving.say([32, 2, {}, 'com.example.other'])
  const [[, pending]] = backend.heard() as [[number, number]]
  leaving.connection.closed()
  const [interrupt, invocation] = backend.heard()
  t.same(interrupt, [69, pending, { mode: 'killnowait' }])
  t.match(invocation, [68, Number, Number, {}, [{}, 'com.example.topic', 'publish']])
  backend.say([70, invocation![1], {}, [true]])
  await settled()
  t.match(backend.heard(), [[36, Number, Number, {}, ['farewell']]])
})
