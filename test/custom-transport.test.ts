import { mock } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import wampPlugin, { wampPort } from 'fastify-wamp'
import type { CustomConnection, CustomPeer, CustomTransportOptions, FastifyWampOptions } from 'fastify-wamp'
import { everything } from './helper/build-router.ts'
import { Peer } from './helper/peer.ts'
import { HELLO, wireCodecs } from './helper/wire-client.ts'
import type { WireCodec } from './helper/wire-client.ts'

async function build (t: Test, options: Partial<FastifyWampOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, shutdownTimeout: 100, ...options })
  t.teardown(() => app.close())
  await app.ready()
  return app
}

/** A client at the other end of a port. */
class PortClient extends Peer {
  readonly transport = { type: 'worker' } as never
  readonly closed: Promise<number>
  readonly #port: MessagePort
  readonly #codec: WireCodec

  constructor (port: MessagePort, codec: WireCodec) {
    super()
    this.#port = port
    this.#codec = codec
    port.on('message', (message: Uint8Array) => { this.take(codec.decode(Buffer.from(message)) as unknown[]) })
    this.closed = new Promise((resolve) => { port.on('close', () => { this.end(); resolve(1000) }) })
  }

  send (...messages: unknown[]): void {
    for (const message of messages) this.#port.postMessage(Buffer.from(this.#codec.encode(message)))
  }

  terminate (): void { this.#port.close() }
}

/** Connects a client over a message channel. */
function connect (t: Test, app: FastifyInstance, codec: WireCodec, options?: CustomTransportOptions): PortClient {
  const { port1, port2 } = new MessageChannel()
  const peer = app.wampTransport(options).accept({
    type: 'worker',
    serializer: codec.subprotocol.slice('wamp.2.'.length) as CustomConnection['serializer'],
    bufferedBytes: 0,
    send: (message) => { port1.postMessage(message) },
    pause () {},
    resume () {},
    close: () => { port1.close() }
  })
  port1.on('message', (message: Uint8Array) => { peer.receive(message) }).on('close', () => { peer.closed() })
  const client = new PortClient(port2, codec)
  t.teardown(() => { client.terminate() })
  return client
}

/** A connection whose calls are recorded. */
class Recorded {
  readonly calls: string[] = []
  readonly peer: CustomPeer
  bufferedBytes = 0
  #called: () => void = () => {}

  constructor (app: FastifyInstance, given: Partial<CustomConnection> = {}) {
    const say = (what: string) => () => { this.#add(what) }
    const send = (message: Buffer): void => { this.#add(message.toString()) }
    const buffered = (): number => this.bufferedBytes
    this.peer = app.wampTransport().accept({ type: 'test', serializer: 'json', get bufferedBytes () { return buffered() }, send, pause: say('pause'), resume: say('resume'), close: say('close'), ...given })
  }

  /** Resolves when there have been so many calls. */
  async count (calls: number): Promise<void> {
    while (this.calls.length < calls) await new Promise<void>((resolve) => { this.#called = resolve })
  }

  /** Joins the realm. */
  async join (): Promise<void> {
    this.peer.receive(hello)
    await this.count(1)
  }

  #add (call: string): void {
    this.calls.push(call)
    this.#called()
  }
}

/** Resolves when this number of sessions has left. */
async function left (t: Test, app: FastifyInstance, count: number): Promise<void> {
  let gone = 0
  await new Promise<void>((resolve) => {
    app.wamp.join('realm1').subscribe('wamp.session.on_leave', () => { if (++gone === count) resolve() }).catch(t.error)
  })
}

const turn = async (): Promise<void> => { await new Promise((resolve) => { setImmediate(resolve) }) }
const hello = Buffer.from(JSON.stringify(HELLO))

for (const codec of wireCodecs) {
  t.test(`messages of a port of the app are routed, over ${codec.name}`, async (t) => {
    const app = await build(t)
    const [alice, bob] = [connect(t, app, codec), connect(t, app, codec)]
    for (const client of [alice, bob]) await client.join({ roles: HELLO[2].roles })
    await alice.ask([64, 1, {}, 'p'])
    bob.send([48, 1, {}, 'p', [1, 'x']])
    const [, invocation, , , args] = await alice.next()
    alice.send([70, invocation, {}, args])
    t.same(await bob.next(), [50, 1, {}, [1, 'x']])
    const gone = left(t, app, 2)
    bob.send([6, {}, 'wamp.close.close_realm'])
    t.match(await bob.next(), [6])
    for (const client of [alice, bob]) client.terminate()
    await gone
  })
}

t.test('its clients log in by the methods of the transport, and authenticators see its kind', async (t) => {
  const app = await build(t, { realms: { realm1: { roles: { anonymous: everything, staff: everything } } } })
  const seen: unknown[] = []
  const authenticator = async ({ transport, request }: { transport: unknown, request: unknown }) => {
    seen.push(transport, request)
    return { authid: 'joe', role: 'staff' }
  }
  const client = connect(t, app, wireCodecs[0]!, { auth: { anonymous: { type: 'function', authenticator } } })
  t.match(await client.ask(HELLO), [2, Number, { authid: 'joe', authrole: 'staff' }])
  t.same(seen, [{ type: 'worker', protocol: 'wamp.2.json' }, null])
})

t.test('a malformed or too long message ends the session with an ABORT', async (t) => {
  const app = await build(t)
  for (const content of ['[', JSON.stringify([1, 'realm1', { roles: { caller: {} }, long: 'x'.repeat(2 ** 20) }])]) {
    const connection = new Recorded(app)
    const { peer } = connection
    peer.receive(Buffer.from(content))
    await connection.count(2)
    t.match(connection.calls, [/^\[3,.*wamp\.error\.protocol_violation/, 'close'])
    peer.closed()
    peer.closed()
    peer.receive(hello)
  }
})

t.test('a connection of the app that fails loses its session, and nothing else', async (t) => {
  const app = await build(t)
  const gone = left(t, app, 1)
  const { peer } = new Recorded(app, { send: () => { throw new Error('broken') } })
  peer.receive(hello)
  await gone
  peer.receive(hello)
  peer.drained()
  peer.closed()
  t.same(app.wamp.sessions('realm1').length, 1, 'only the observer is left')
})

t.test('a connection of the app that fails to tell what it has buffered loses its session, whenever it is asked', async (t) => {
  const app = await build(t)
  const backend = app.wamp.join('realm1')
  for (const times of [0, 1, 2]) {
    const gone = left(t, app, 1)
    const connection = new Recorded(app)
    const { peer } = connection
    await connection.join()
    peer.receive(Buffer.from('[32,1,{},"a"]'))
    await connection.count(2)
    let asked = 0
    Object.defineProperty(connection, 'bufferedBytes', { get: () => { if (asked++ >= times) throw new Error('broken'); return 0 } })
    await backend.publish('a', [1], {}, { acknowledge: true })
    await gone
  }
  const other = new Recorded(app)
  await other.join()
  t.equal(other.calls.length, 1, 'others are still sent their messages')
})

t.test('events for a connection that does not send are dropped, and others wait until it has sent', async (t) => {
  const app = await build(t, { limits: { bufferedEventBytes: 2 ** 16 } })
  const connection = new Recorded(app)
  const { peer, calls } = connection
  await connection.join()
  peer.receive(Buffer.from('[32,1,{},"a"]'))
  await connection.count(2)
  connection.bufferedBytes = 2 ** 17
  const backend = app.wamp.join('realm1')
  await backend.publish('a', [1], {}, { acknowledge: true })
  peer.receive(Buffer.from('[32,2,{},"b"]'))
  await turn()
  t.equal(calls.length, 2, 'a reply waits, too')
  connection.bufferedBytes = 0
  peer.drained()
  t.match(JSON.parse(calls[2]!), [33, 2])
  await backend.publish('a', [2], {}, { acknowledge: true })
  await connection.count(4)
  t.match(JSON.parse(calls[3]!), [36, Number, Number, {}, [2]])
  peer.closed()
})

t.test('a client that sends faster than it is processed is paused, and ends if it goes on', async (t) => {
  const app = await build(t, { limits: { messagesPerSecond: 1 } })
  const gone = left(t, app, 1)
  const connection = new Recorded(app)
  const { peer, calls } = connection
  await connection.join()
  const publish = Buffer.from(JSON.stringify([16, 1, {}, 'a', ['x'.repeat(1_000_000)]]))
  for (let i = 0; i < 10; i++) peer.receive(publish)
  t.ok(calls.includes('pause'))
  t.notOk(calls.includes('close'))
  for (let i = 0; i < 10; i++) peer.receive(publish)
  t.ok(calls.includes('close'))
  await gone
})

t.test('limits and the shutdown apply to its connections', async (t) => {
  const app = await build(t, { limits: { connectionsOfAddress: 1 } })
  const connection = new Recorded(app, { peer: '192.0.2.1' })
  const { peer, calls } = connection
  t.throws(() => new Recorded(app, { peer: '192.0.2.1' }), { code: 'WAMP_ERR_CONNECTION_REFUSED', message: /limits\.connectionsOfAddress/ })
  await connection.join()
  const closes = app.close()
  await turn()
  t.equal(calls.at(-1), 'close')
  peer.closed()
  await closes
  t.throws(() => new Recorded(app), { code: 'WAMP_ERR_CONNECTION_REFUSED', message: /shutting down/ })
})

t.test('a client that has left counts as a connection until its messages have been processed', async (t) => {
  const app = await build(t, { limits: { connectionsOfAddress: 1, bytesPerSecond: 500 } })
  const connection = new Recorded(app, { peer: '192.0.2.1' })
  await connection.join()
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  connection.peer.receive(Buffer.from(JSON.stringify([16, 1, {}, 'a.b', ['x'.repeat(10_000)]])))
  connection.peer.receive(Buffer.from('[16,2,{},"a.b"]'))
  connection.peer.closed()
  await turn()
  t.throws(() => new Recorded(app, { peer: '192.0.2.1' }), { code: 'WAMP_ERR_CONNECTION_REFUSED' })
  mock.timers.tick(10_000)
  t.doesNotThrow(() => new Recorded(app, { peer: '192.0.2.1' }))
})

t.test('a port that is closed refuses connections, and the app can close afterwards', async (t) => {
  const app = await build(t)
  const port = Fastify()
  await port.register(wampPort, { app })
  const transport = port.wampTransport()
  const accept = (): void => {
    const peer = transport.accept({ type: 'test', serializer: 'json', bufferedBytes: 0, send () {}, pause () {}, resume () {}, close () { peer.closed() } })
  }
  accept()
  await port.close()
  t.throws(accept, { code: 'WAMP_ERR_CONNECTION_REFUSED' })
  await app.close()
})

t.test('the app may use the buffer of a message again, although the message waits for an authorizer', async (t) => {
  const decided: Array<(answer: boolean) => void> = []
  const authorizer = (_: object, __: string, action: string): boolean | Promise<boolean> => action !== 'publish' || new Promise<boolean>((resolve) => { decided.push(resolve) })
  const app = await build(t, { realms: { realm1: { roles: { anonymous: { authorizer } } } } })
  const connection = new Recorded(app)
  await connection.join()
  connection.peer.receive(Buffer.from('[32,1,{},"a"]'))
  await connection.count(2)
  const buffer = Buffer.from('[16,2,{"exclude_me":false},"a",["first"]]')
  connection.peer.receive(buffer)
  buffer.fill(0x22)
  while (decided.length === 0) await new Promise((resolve) => { setImmediate(resolve) })
  decided[0]!(true)
  await connection.count(3)
  t.match(connection.calls[2], /\["first"\]/)
})

t.test('options and connections that cannot work are refused', async (t) => {
  const app = await build(t)
  for (const [options, message] of [[{ auth: { cookie: {} } }, /"auth\.cookie" is not possible/], [{ auth: { tls: { type: 'static', principals: {} } } }, /"auth\.tls" is not possible/], [{ path: '/x' }, /"path" is not an option/]] as const) {
    t.throws(() => app.wampTransport(options as never), { code: 'WAMP_ERR_INVALID_OPTION', message })
  }
  for (const [given, message] of [[{ type: 'websocket' }, /"connection\.type" must be a name of its own/], [{ serializer: 'yaml' }, /"connection\.serializer" must be one of "json"/], [{ send: 1 }, /"connection\.send" must be a function/], [{ bufferedBytes: '0' }, /"connection\.bufferedBytes" must be a number/], [{ bufferedBytes: NaN }, /"connection\.bufferedBytes" must be a number/], [{ peer: 5 }, /"connection\.peer" must be a string/], [{ secure: 'yes' }, /"connection\.secure" must be a boolean/]] as const) {
    t.throws(() => new Recorded(app, given as never), { code: 'WAMP_ERR_INVALID_OPTION', message })
  }
  for (const nothing of [null, undefined, 1]) {
    t.throws(() => app.wampTransport().accept(nothing as never), { code: 'WAMP_ERR_INVALID_OPTION', message: /"connection" must be an object/ })
  }
})
