import { mock } from 'node:test'
import t from 'tap'
import type { Grant } from 'fastify-wamp'
import { askStore, runsOf } from '../plugin/cookie/store-deadline.ts'
import { isThenable } from '../plugin/thenable.ts'
import { buildRouter, everything, settled } from './helper/build-router.ts'

/** What a function of the host may return instead of a promise. */
function strange<T> (then: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> {
  return { then } as unknown as Promise<T>
}

const silent = <T>(): Promise<T> => strange<T>(() => {})
const throwing = <T>(): Promise<T> => strange<T>(() => { throw new Error('a bug') })
const talkative = <T>(first: T, second: T): Promise<T> => strange<T>((resolve, reject) => {
  resolve(first)
  resolve(second)
  reject(new Error('a bug'))
})

t.test('values that can be awaited are recognized by their method', async (t) => {
  const { then } = Promise.prototype
  for (const one of [Promise.resolve(), silent(), Object.assign(() => {}, { then })]) t.ok(isThenable(one))
  for (const none of [undefined, null, 0, 'then', {}, { then: true }, () => {}]) t.notOk(isThenable(none))
})

t.test('a store whose answers are foreign promises has the same time limit', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const late = t.rejects(askStore(() => silent()), { name: 'TimeoutError' })
  mock.timers.tick(5000)
  await late
  await t.rejects(askStore(() => throwing()), { message: 'a bug' })
  t.equal(await askStore(() => talkative(1, 2)), 1)

  const steps = [talkative({ done: false, value: 1 }, { done: true, value: 2 }), { done: false, value: 2 }, silent()]
  const entries = { [Symbol.asyncIterator]: () => ({ next: () => steps.shift() }) } as AsyncIterable<number>
  const runs = runsOf(entries, 2, () => 5000)
  t.same((await runs.next()).value, [1, 2])
  const hangs = t.rejects(runs.next(), { name: 'TimeoutError' })
  await settled()
  mock.timers.tick(5000)
  await hangs
})

t.test('an authorizer whose answers are foreign promises has the same time limit', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const answers = new Map([['com.silent', silent<boolean>()], ['com.throwing', throwing<boolean>()], ['com.talkative', talkative(false, true)]])
  const { join } = buildRouter({ authorizerTimeout: 1000, realms: { realm1: { roles: { anonymous: { authorizer: (_session, uri) => answers.get(uri)! } } } } })
  const client = await join()
  for (const [uri, error] of [['com.silent', 'authorization_failed'], ['com.throwing', 'authorization_failed'], ['com.talkative', 'not_authorized']] as const) {
    client.say([32, 1, {}, uri])
    await settled()
    mock.timers.tick(1000)
    await settled()
    t.match(client.heard(), [[8, 32, 1, {}, `wamp.error.${error}`]])
  }
})

t.test('an authenticator and a logout whose answers are foreign promises have the same time limit', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { connect } = buildRouter({ handshakeTimeout: 1000, realms: { realm1: { roles: { anonymous: everything } } } })
  const grant = { authid: 'joe', role: 'anonymous' }
  let told = 0
  const onLogout = (): unknown => {
    told++
    return talkative(undefined, undefined)
  }
  const methods = { silent: () => silent<Grant>(), throwing: () => throwing<Grant>(), talkative: () => talkative<Grant>({ ...grant, onLogout }, { ...grant, authid: 'mallory' }) }
  const come = async (method: string): Promise<ReturnType<typeof connect>> => {
    const client = connect({ methods })
    client.say([1, 'realm1', { roles: { caller: {} }, authmethods: [method] }])
    await settled()
    mock.timers.tick(1000)
    await settled()
    return client
  }
  for (const [method, text] of [['silent', 'no answer in time'], ['throwing', 'authentication failed']] as const) {
    t.match((await come(method)).heard(), [[3, { message: text }, 'wamp.error.authentication_failed']])
  }
  const client = await come('talkative')
  t.match(client.heard(), [[2, Number, { authid: 'joe' }]])
  client.say([6, {}, 'wamp.close.logout'])
  await settled()
  t.same([client.heard(), told], [[[6, {}, 'wamp.close.goodbye_and_out']], 1])
})
