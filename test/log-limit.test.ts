import { mock } from 'node:test'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { WampError } from 'fastify-wamp'
import { LogLimit } from '../plugin/log-limit.ts'
import type { SessionLog } from '../plugin/session/session-log.ts'
import { InProcessClient } from './helper/in-process-client.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'
import { everything } from './helper/build-router.ts'

/** A log, and what it has logged. */
function build (): { log: SessionLog, lines: unknown[][] } {
  const lines: unknown[][] = []
  const log = (said: object): SessionLog => {
    const write = (level: string) => (details: object, text: string): void => { lines.push([level, { ...said, ...details }, text]) }
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: (more) => log({ ...said, ...more }) }
  }
  return { log: log({}), lines }
}

t.test('ten of many equal lines per second are logged, and the number of the others', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const { log, lines } = build()
  const limit = new LogLimit(log)
  const [one, other] = [limit.of(log).child({ session: 1 }), limit.of(log).child({ session: 2 })]
  for (let i = 0; i < 500; i++) {
    one.error({ i }, 'a procedure failed')
    other.error({ i }, 'a procedure failed')
    one.debug({ i }, 'noise')
  }
  other.warn({}, 'a procedure failed')
  other.info({}, 'another kind')
  const errors = lines.filter(([level]) => level === 'error')
  t.equal(errors.length, 10)
  t.same(errors[0], ['error', { session: 1, i: 0 }, 'a procedure failed'])
  t.equal(lines.filter(([level]) => level === 'debug').length, 500)
  t.same(lines.splice(0).slice(-2), [['warn', { session: 2 }, 'a procedure failed'], ['info', { session: 2 }, 'another kind']])

  mock.timers.tick(1001)
  t.same(lines.splice(0), [['error', { lines: 990 }, 'a procedure failed: further lines of this kind were not logged']])
  mock.timers.tick(1001)
  t.same(lines, [])
  for (let i = 0; i < 12; i++) one.error({}, 'a procedure failed')
  t.equal(lines.splice(0).length, 10, 'the next second')
  limit.close()
  t.same(lines.splice(0), [['error', { lines: 2 }, 'a procedure failed: further lines of this kind were not logged']])
  limit.close()
  mock.timers.tick(1001)
  t.same(lines, [])
})

t.test('no repeated message of a client makes the log grow with each repetition', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { anonymous: everything, asked: { authorizer: 'com.example.nobody' }, thrown: { authorizer: () => { throw new Error('mine') } } } } },
    auth: { anonymous: { type: 'static' }, ticket: { type: 'static', principals: { asked: { ticket: 'x', role: 'asked' }, thrown: { ticket: 'x', role: 'thrown' } } } }
  })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.fails', () => { throw new TypeError('mine') })
  await backend.subscribe('com.example.event', () => { throw new TypeError('mine') })
  const login = async (authid: string): Promise<InProcessClient> => {
    const client = InProcessClient.connect(t, app)
    t.match(await client.ask([1, 'realm1', { authmethods: ['ticket'], authid, ...HELLO[2] }]), [4])
    t.match(await client.ask([5, 'x', {}]), [2])
    return client
  }
  const anonymous = InProcessClient.connect(t, app)
  await anonymous.join(HELLO[2])
  const repeated: Record<string, readonly [InProcessClient, (request: number) => unknown[]]> = {
    'a procedure that throws': [anonymous, (request) => [48, request, {}, 'com.example.fails']],
    'an event handler that throws': [anonymous, (request) => [16, request, {}, 'com.example.event']],
    'an authorizer that is not registered': [await login('asked'), (request) => [16, request, { acknowledge: true }, `a.${request}`]],
    'an authorizer that throws': [await login('thrown'), (request) => [16, request, { acknowledge: true }, `a.${request}`]]
  }
  for (const [name, [client, message]] of Object.entries(repeated)) {
    lines.length = 0
    for (let request = 1; request <= 100; request++) client.send(message(request))
    await client.fence()
    await anonymous.fence()
    t.ok(lines.length < 50, `${name}: ${lines.length} lines`)
  }
})

t.test('no log line is as long as the data of a client that it is about', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'debug', stream: { write: (line: string) => { lines.push(line) } } } })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { anonymous: everything, asked: { authorizer: 'com.example.authorize' } } } },
    auth: { anonymous: { type: 'static' }, ticket: { type: 'dynamic', authenticator: 'com.example.authenticate' } }
  })
  t.teardown(() => app.close())
  const long = 'x'.repeat(500_000)
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.fails', ({ args: [text] }) => { throw new TypeError(String(text)) })
  await backend.register('com.example.fails_because', ({ args }) => {
    throw new Error('mine', { cause: new Error(String(args[0]), { cause: new WampError('com.example.error', { args }) }) })
  })
  await backend.register('com.example.passes', ({ args }) => { throw Object.assign(new TypeError('mine'), { cause: new WampError('com.example.error', { args }) }) })
  await backend.subscribe('com.example.event', ({ args: [text] }) => { throw new TypeError(String(text)) })

  const callee = InProcessClient.connect(t, app)
  await callee.join(HELLO[2])
  for (const [request, name] of ['authorize', 'authenticate'].entries()) await callee.ask([64, request + 1, {}, `com.example.${name}`])
  const asked = app.wamp.join('realm1', { role: 'asked' })
  const answers: readonly unknown[][] = [[[long]], [[Array.from({ length: 50_000 }, () => 1)]], [[], { a: long }], [['text', long]]]
  for (const answer of answers) {
    lines.length = 0
    const refused = t.rejects(asked.call('com.example.fails'), { code: 'wamp.error.authorization_failed' })
    const [, request] = await callee.next()
    callee.send([8, 68, request, {}, 'com.example.error', ...answer])
    await refused
    t.match(lines.join(''), /the authorizer failed/)
    t.ok(lines.every((line) => line.length < 50_000), `an ERROR of an authorizer: ${Math.max(...lines.map(({ length }) => length))} characters`)
  }
  let request = 100
  const requests = [...['fails', 'fails_because', 'passes'].map((name) => [48, request++, {}, `com.example.${name}`, [long]]), [16, request++, { acknowledge: true }, 'com.example.event', [long]]]
  for (const message of requests) {
    lines.length = 0
    callee.send(message)
    await callee.fence()
    await new Promise((resolve) => { setImmediate(resolve) })
    t.match(lines.join(''), /failed/, String(message[3]))
    t.ok(lines.every((line) => line.length < 50_000), `${String(message[3])}: ${Math.max(...lines.map(({ length }) => length))} characters`)
  }
})

t.test('an ERROR may have a URI of 4096 characters; a longer one ends the session', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  t.teardown(() => app.close())
  const url = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
  for (const codec of wireCodecs) {
    const client = await WireClient.connect(t, `${url}/ws`, codec)
    await client.ask(HELLO)
    await client.ask([64, 1, {}, 'com.example.procedure'])
    for (const length of [4096, 4097]) {
      const called = app.wamp.join('realm1').call('com.example.procedure')
      const [, request] = await client.next()
      client.send([8, 68, request, {}, 'x'.repeat(length)])
      await t.rejects(called, { code: length === 4096 ? 'x'.repeat(4096) : 'wamp.error.canceled' })
    }
    t.match(await client.next(), [3, {}, 'wamp.error.protocol_violation'], codec.subprotocol)
  }
})
