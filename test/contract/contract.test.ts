import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { Type } from 'typebox'
import { CallResult, typed, wampContract } from 'fastify-wamp'
import type { ApiOf, AutobahnSession, TypedSession, WampyClient } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { forEachTransport, connect } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

const contract = wampContract({
  procedures: {
    'com.example.add2': { args: Type.Tuple([Type.Number(), Type.Number()]), result: Type.Number() },
    'com.example.find': { kwargs: Type.Object({ name: Type.String(), mail: Type.Optional(Type.String({ format: 'email' })) }, { additionalProperties: false }), result: Type.Array(Type.String()), progress: Type.Integer() },
    'com.example.ping': {}
  },
  topics: {
    'com.example.news': { args: Type.Tuple([Type.String({ maxLength: 20 })]), kwargs: Type.Object({ from: Type.Optional(Type.String()) }) }
  }
})
type MyApi = ApiOf<typeof contract, TypeBoxTypeProvider>

async function build (t: Test): Promise<{ app: FastifyInstance, url: string, backend: TypedSession<MyApi> }> {
  const { app, url } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything }, contract } } }, undefined, ['RawSocket', 'long-poll'])
  return { app, url, backend: typed<MyApi>(app.wamp.join('realm1')) }
}

t.test('payloads that match the contract are delivered, with the types of the contract', async (t) => {
  const { backend } = await build(t)
  await backend.register('com.example.add2', ({ args: [x, y] }) => x + y)
  await backend.register('com.example.find', ({ kwargs: { name, mail }, progress }) => {
    progress?.(50)
    return mail === undefined ? [name] : [name, mail]
  })
  const sum: number = await backend.call('com.example.add2', [2, 3])
  t.equal(sum, 5)
  const steps: number[] = []
  t.strictSame(await backend.call('com.example.find', [], { name: 'joe', mail: 'joe@example.com' }, { onProgress: (step) => { steps.push(step) } }), ['joe', 'joe@example.com'])
  t.strictSame(steps, [50])
  const seen: string[] = []
  await backend.subscribe('com.example.news', ({ args: [text], kwargs: { from = 'nobody' } }) => { seen.push(`${text} ${from}`) })
  await backend.publish('com.example.news', ['hello'], { from: 'joe' }, { exclude_me: false })
  t.strictSame(seen, ['hello joe'])
})

// Never called: that it compiles is the test, and that what is marked does not.
export async function types (backend: TypedSession<MyApi>, browser: AutobahnSession<MyApi>, wampy: WampyClient<MyApi>): Promise<void> {
  // @ts-expect-error: args are required
  await backend.call('com.example.add2')
  // @ts-expect-error: of two numbers
  await backend.call('com.example.add2', ['2', 3])
  // @ts-expect-error: there is no such procedure
  await backend.call('com.example.add3', [2, 3])
  // @ts-expect-error: kwargs are required, since name is
  await backend.call('com.example.find', [])
  // @ts-expect-error: the result is a number
  const text: string = await backend.call('com.example.add2', [2, 3])
  // @ts-expect-error: the result must be a number
  await backend.register('com.example.add2', () => text)
  // @ts-expect-error: a topic is no procedure
  await backend.call('com.example.news')
  await backend.call('com.example.ping')

  const sum: number = await browser.call('com.example.add2', [2, 3])
  // @ts-expect-error: of two numbers
  await browser.call('com.example.add2', [sum])
  await browser.subscribe('com.example.news', ([news], { from }) => { console.log(news.length, from?.length) })
  const { argsList: [other] } = await wampy.call('com.example.add2', [2, 3])
  await wampy.publish('com.example.news', { argsList: ['hello'], argsDict: { from: other.toFixed(2) } })
  // @ts-expect-error: of two numbers
  await wampy.call('com.example.add2', ['2', 3])
}

forEachTransport(t, 'a call or publication that violates the contract is refused with the location, and not delivered [CAL-08, PUB-11]', async (t, transport) => {
  const { app, url, backend } = await build(t)
  const invoked: unknown[] = []
  await backend.register('com.example.add2', ({ args }) => invoked.push(args))
  await backend.register('com.example.find', ({ kwargs }) => { invoked.push(kwargs); return [] })
  await backend.register('com.example.ping', ({ args }) => invoked.push(args))
  await backend.subscribe('com.example.news', ({ args }) => { invoked.push(args) })
  const client = await connect(t, { app, url }, transport)
  await client.join({ roles: HELLO[2].roles })
  const wrong = [
    [['com.example.add2', [1, 'two']], 'args[1] must be number'],
    [['com.example.add2', [1, 2, 3]], 'args must NOT have more than 2 items'],
    [['com.example.add2'], 'args must NOT have fewer than 2 items'],
    [['com.example.add2', [1, 2], { more: 1 }], 'kwargs must be empty'],
    [['com.example.find', [1], { name: 'joe' }], 'args must be empty'],
    [['com.example.find', [], { name: 'joe', mail: 'nowhere' }], 'kwargs.mail must match format "email"'],
    [['com.example.find', [], { mail: 'joe@example.com' }], /^kwargs must have required propert/],
    [['com.example.ping', [1]], 'args must be empty']
  ] as const
  for (const [i, [call, fault]] of wrong.entries()) {
    t.match(await client.ask([48, i + 1, {}, ...call]), [8, 48, i + 1, {}, 'wamp.error.invalid_argument', [fault]])
  }
  t.match(await client.ask([16, 50, { acknowledge: true }, 'com.example.news', ['a'.repeat(21)]]), [8, 16, 50, {}, 'wamp.error.invalid_argument', ['args[0] must NOT have more than 20 characters']])
  client.send([16, 51, {}, 'com.example.news', [1]])
  t.strictSame(await client.fence(), [], 'nothing is said where nothing was asked')
  t.strictSame(invoked, [])
  t.match(await client.ask([48, 60, {}, 'com.example.other', ['anything']]), [8, 48, 60, {}, 'wamp.error.no_such_procedure'], 'what has no contract is free')
})

t.test('a packed payload cannot hide from the contract', async (t) => {
  const { app, url, backend } = await build(t)
  await backend.register('com.example.add2', () => 1)
  const client = await connect(t, { app, url }, { name: 'the in-process transport' })
  await client.join({ roles: { caller: { features: { payload_passthru_mode: true } }, publisher: { features: { payload_passthru_mode: true } } } })
  t.match(await client.ask([48, 1, { ppt_scheme: 'x_mine' }, 'com.example.add2', [1, 2]]), [8, 48, 1, {}, 'wamp.error.invalid_argument', [/packed/]])
  t.match(await client.ask([16, 2, { ppt_scheme: 'x_mine', acknowledge: true }, 'com.example.news', ['x']]), [8, 16, 2, {}, 'wamp.error.invalid_argument', [/packed/]])
})

t.test('a caller receives neither a result nor a progressive result that violates the contract', async (t) => {
  const { app } = await build(t)
  const [callee, caller] = [app.wamp.join('realm1'), app.wamp.join('realm1')]
  for (const [value, fault] of [['five', 'result must be number'], [undefined, 'result must be number'], [new CallResult([1, 2]), 'the result must be one value']] as const) {
    const { unregister } = await callee.register('com.example.add2', () => value)
    await t.rejects(caller.call('com.example.add2', [2, 3]), { name: 'WampError', message: `fastify_wamp.error.invalid_result: ${fault}` })
    await unregister()
  }
  let interrupted = (): void => {}
  const stopped = new Promise<void>((resolve) => { interrupted = resolve })
  await callee.register('com.example.find', async ({ progress, signal }) => {
    signal.addEventListener('abort', () => { interrupted() })
    progress?.('half')
    await stopped
    return []
  })
  await t.rejects(caller.call('com.example.find', [], { name: 'joe' }, { onProgress: () => {} }), { name: 'WampError', message: 'fastify_wamp.error.invalid_result: progress must be integer' })
  await stopped
})

t.test('an invalid contract causes an error that names the location', async (t) => {
  const wrong = [
    [{ procedures: { 'com.example.x': { args: { type: 'nonsense' } } } }, 'realms.realm1.contract.procedures["com.example.x"].args'],
    [{ topics: { 'com..x': {} } }, 'realms.realm1.contract.topics["com..x"]'],
    [{ topics: { 'wamp.x': {} } }, 'realms.realm1.contract.topics["wamp.x"]'],
    [{ procedures: { 'com.example.x': { errors: { 'com.example.y': 200 } } } }, 'realms.realm1.contract.procedures.com.example.x.errors.com.example.y'],
    [{ procedures: { 'com.example.x': { errors: { 'com..y': 404 } } } }, 'realms.realm1.contract.procedures["com.example.x"].errors["com..y"]'],
    [{ procedure: {} }, 'realms.realm1.contract']
  ] as const
  for (const [contract, path] of wrong) {
    await t.rejects(buildApp(t, { realms: { realm1: { roles: { anonymous: everything }, contract: contract as object } } }), { code: 'WAMP_ERR_INVALID_OPTION', message: path })
  }
})
