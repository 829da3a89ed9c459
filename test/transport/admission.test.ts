import { once } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { Admission } from '../../plugin/transport/admission.ts'
import { buildApp } from '../helper/build-app.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import { connect } from '../helper/transports.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs
const unlimited = { connectionsOfAddress: 0, upgradesPerSecond: 0 }

t.test('the number of connections from one address is limited, and an IPv6 /64 is one address', async (t) => {
  const admission = new Admission({ ...unlimited, connectionsOfAddress: 2 })
  const [one, two] = [admission.enter('2001:db8::1'), admission.enter('2001:db8::2')]
  t.type(one, 'function')
  t.type(two, 'function')
  t.match(admission.enter('2001:db8:0:0:1::3'), { status: 429, error: /^limits\.connectionsOfAddress:/, retryAfter: 10 })
  t.type(admission.enter('2001:db8:0:1::3'), 'function', 'another household')
  t.type(admission.enter(undefined), 'function', 'an injected connection has no address')
  if (typeof one === 'function') one()
  t.type(admission.enter('2001:db8::3'), 'function')
})

t.test('a limited number of clients connects per second, and others are told when to retry', async (t) => {
  let now = 0
  const admission = new Admission({ ...unlimited, upgradesPerSecond: 3 }, () => now)
  for (let i = 0; i < 3; i++) t.type(admission.enter('192.0.2.1'), 'function')
  t.match(admission.enter('192.0.2.2'), { status: 503, error: /^limits\.upgradesPerSecond:/, retryAfter: 1 })
  now += 1000
  t.type(admission.enter('192.0.2.2'), 'function')
})

/** The status with which an upgrade is answered, and its Retry-After. */
async function upgrade (url: string): Promise<{ status: number, retryAfter: string | undefined, text: string }> {
  const { socket } = new WireClient(url, json!)
  return await new Promise((resolve, reject) => {
    socket.on('error', () => {})
    socket.on('open', () => { reject(new Error('it was let in')) })
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (data) => { text += String(data) })
      response.on('end', () => { resolve({ status: response.statusCode!, retryAfter: response.headers['retry-after'], text }) })
    })
  })
}

t.test('a client beyond the limit is answered with a status, until another one leaves', async (t) => {
  const { url } = await buildApp(t, { limits: { connectionsOfAddress: 2 } })
  const [first] = [await WireClient.join(t, url, json!), await WireClient.join(t, url, json!)]
  t.match(await upgrade(url), { status: 429, retryAfter: '10', text: /limits\.connectionsOfAddress/ })
  first.socket.terminate()
  await first.closed
  for (;;) {
    // The router may learn of it later than the client.
    const client = new WireClient(url, json!)
    t.teardown(() => { client.socket.terminate() })
    client.socket.on('error', () => {})
    if (await new Promise((resolve) => { client.socket.once('open', () => { resolve(true) }).once('unexpected-response', (request) => { request.destroy(); resolve(false) }) })) break
  }
  t.match(await upgrade(url), { status: 429 })
})

for (const transport of [json!, { name: 'RawSocket', over: 'RawSocket', codec: json! }] as const) {
  t.test(`a client that has left counts as a connection until its messages have been processed, over ${transport.name}`, async (t) => {
    const { app, url } = await buildApp(t, { limits: { connectionsOfAddress: 1, bytesPerSecond: 500 } }, undefined, ['RawSocket'])
    const [server = app.server] = 'over' in transport ? app.wampRawSockets : []
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const client = await connect(t, { app, url }, transport)
    const [socket] = await accepted
    const closed = once(socket, 'close')
    await client.join({ roles: { publisher: {} } })
    // The first message exceeds the rate for seconds, and the second one has to wait. All is read at once.
    const stream = client instanceof RawSocketClient ? client.socket : client.stream!
    stream.cork()
    client.send([16, 1, {}, 'a.b', ['x'.repeat(5000)]], [16, 2, {}, 'a.b'])
    if (client instanceof RawSocketClient) client.socket.end()
    else client.socket.close()
    stream.uncork()
    await closed
    await t.rejects(connect(t, { app, url }, transport))
  })
}

t.test('many clients that connect at once are told to retry later', async (t) => {
  const { url } = await buildApp(t, { limits: { upgradesPerSecond: 2 } })
  await WireClient.join(t, url, json!)
  await WireClient.join(t, url, json!)
  t.match(await upgrade(url), { status: 503, retryAfter: '1', text: /limits\.upgradesPerSecond/ })
})

t.test('the number of sessions of a realm, and of an authid in it, is limited', async (t) => {
  const { url, app } = await buildApp(t, { limits: { sessionsOfRealm: 4, sessionsOfAuthid: 2 }, auth: { anonymous: { type: 'static', authid: 'joe' } } })
  const join = async (): Promise<WireClient> => await WireClient.connect(t, url, json!)
  const hello = [1, 'realm1', { roles: { caller: {} } }]
  const first = await join()
  t.match(await first.ask(hello), [2])
  t.match(await (await join()).ask(hello), [2])
  t.match(await (await join()).ask(hello), [3, { message: 'limits.sessionsOfAuthid: there are too many sessions' }, 'fastify_wamp.error.limit_exceeded'])
  t.match(await first.ask([6, {}, 'wamp.close.close_realm']), [6])
  t.match(await (await join()).ask(hello), [2], 'one has left')
  const last = await join()
  app.wamp.join('realm1', { authid: 'app1' })
  app.wamp.join('realm1', { authid: 'app2' })
  t.match(await last.ask(hello), [3, { message: 'limits.sessionsOfRealm: there are too many sessions' }, 'fastify_wamp.error.limit_exceeded'])
  await t.rejects(join(), { message: /503/ })
})
