import t from 'tap'
import { CallResult, WampError } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

/** As a model of a database library has it. */
class User {
  readonly name = 'joe'
  readonly hash = 'never to be seen'
  toJSON (): object {
    return { name: this.name, since: new Date(0) }
  }
}

const seen = { name: 'joe', since: '1970-01-01T00:00:00.000Z' }

t.test('properties that an object hides from REST responses are hidden from events, results, arguments and errors', async (t) => {
  const { app, url } = await buildApp(t)
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.user', () => new User())
  await backend.register('com.example.users', () => new CallResult([[new User()]], { first: { user: new User() } }))
  await backend.register('com.example.refuse', () => { throw new WampError('com.example.refused', { args: [new User()], kwargs: { user: new User() } }) })
  await backend.register('com.example.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
  t.same(await backend.call('com.example.user'), seen)
  t.same(await backend.call('com.example.echo', [new User(), [new User()]], { user: new User() }), new CallResult([seen, [seen]], { user: seen }))
  const [json] = wireCodecs
  const client = await WireClient.join(t, url, json!)
  t.match(await client.ask([32, 1, {}, 'com.example.news']), [33])
  await backend.publish('com.example.news', [new User()], { user: new User() })
  t.same((await client.next()).slice(4), [[seen], { user: seen }])
  t.same((await client.ask([48, 2, {}, 'com.example.users'])).slice(3), [[[seen]], { first: { user: seen } }])
  t.same((await client.ask([48, 3, {}, 'com.example.refuse'])).slice(4), ['com.example.refused', [seen], { user: seen }])
})

t.test('the app can change its values again once they are sent', async (t) => {
  const { app } = await buildApp(t)
  const backend = app.wamp.join('realm1')
  const got: unknown[] = []
  await backend.subscribe('com.example.news', ({ args }) => { got.push(args) })
  const [list, octets] = [[1, { deep: true }], Buffer.from('ab')]
  const published = backend.publish('com.example.news', [list, octets, 2n ** 60n, null, { gone: undefined }], {}, { exclude_me: false })
  list.push(2)
  octets.fill(0)
  await published
  await backend.call('wamp.session.count')
  t.strictSame(got, [[[1, { deep: true }], new Uint8Array([97, 98]), 2n ** 60n, null, {}]])
})

t.test('invalid args, kwargs and values are reported to their sender only', async (t) => {
  const { app } = await buildApp(t)
  const backend = app.wamp.join('realm1')
  const within: Record<string, unknown> = {}
  within['rows'] = Array.from({ length: 100_000 }, (_, i) => ({ id: i }))
  within['self'] = within
  let deep: unknown[] = []
  for (let i = 0; i < 1000; i++) deep = [deep]
  const cases: Array<[args: unknown, kwargs: unknown, fault: RegExp]> = [
    [{ id: 1 }, {}, /args must be a list: write \[value\]/], ['text', {}, /args must be a list/], [5, {}, /args must be a list/], [null, {}, /args must be a list/],
    [[], [1], /kwargs must be an object/], [[], null, /kwargs must be an object/], [[], 'text', /kwargs must be an object/],
    [[() => {}], {}, /a function cannot be serialized/], [[], { mark: Symbol('mark') }, /a symbol cannot be serialized/], [[new Map()], {}, /\[object Map\] cannot be serialized/],
    [[within], {}, /a value contains itself/], [[[within]], {}, /a value contains itself/], [deep, {}, /nested too deep/]
  ]
  for (const [args, kwargs, message] of cases) {
    const refused = { code: 'WAMP_ERR_INVALID_MESSAGE', message }
    await t.rejects(backend.publish('com.example.news', args as unknown[], kwargs as Record<string, unknown>), refused)
    await t.rejects(backend.call('com.example.nothing', args as unknown[], kwargs as Record<string, unknown>), refused)
  }
  await backend.register('com.example.function', () => () => {})
  await t.rejects(backend.call('com.example.function'), { name: 'WampError', error: 'wamp.error.runtime_error' })
})

t.test('a value is converted by its toJSON as in JSON: with its key, and undefined is omitted', async (t) => {
  const { app } = await buildApp(t)
  const backend = app.wamp.join('realm1')
  const named = { toJSON: (key: string) => `at ${key}` }
  const nothing = { toJSON: () => undefined }
  const shared = { a: 1 }
  await backend.register('com.example.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
  const given = [{ x: named, y: nothing, z: [named] }, shared, shared]
  t.strictSame(await backend.call('com.example.echo', given), new CallResult(JSON.parse(JSON.stringify(given)) as unknown[]))
})
