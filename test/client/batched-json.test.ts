import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { batchedJson, json } from 'fastify-wamp/client'
import type { ClientSession } from 'fastify-wamp/client'
import { buildApp } from '../helper/build-app.ts'
import { openClient, reaches } from './scripted-router.ts'

/** A client that has joined, and the router's end of its connection. `next` resolves to the messages of the next batch, and '' after its last separator. */
async function join (t: Test): Promise<{ session: ClientSession, socket: WebSocket, next: () => Promise<string[]> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.teardown(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  const joining = openClient(t, `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { serializers: [batchedJson()], retry: false })
  const [socket] = await once(server, 'connection') as [WebSocket]
  const next = async (): Promise<string[]> => String((await once(socket, 'message'))[0]).split('\x1e')
  t.match(await next(), [/^\[1,"realm1",.*\]$/, /^$/])
  socket.send('[2,1,{"roles":{}}]\x1e')
  return { session: await joining, socket, next }
}

t.test('the messages of one turn travel in one batch, in both directions, and in order', async (t) => {
  const { session, socket, next } = await join(t)
  const calls = [1, 2, 3].map((n) => session.call('com.echo', [n]))
  t.same(await next(), ['[48,1,{},"com.echo",[1]]', '[48,2,{},"com.echo",[2]]', '[48,3,{},"com.echo",[3]]', ''])
  socket.send('[50,1,{},["a"]]\x1e[50,2,{},["\\u0000AAE="]]\x1e[50,3,{}]\x1e')
  t.strictSame(await Promise.all(calls), ['a', new Uint8Array([0, 1]), undefined])
})

t.test('a batch that would become too long is sent before the next message', async (t) => {
  const { session, next } = await join(t)
  const text = 'x'.repeat(30_000)
  const published = [1, 2, 3, 4].map((n) => session.publish('com.news', [n, text]))
  for (const all of published) all.catch(() => {})
  t.match(await next(), [/^\[16,1,/, /^\[16,2,/, /^$/])
  t.match(await next(), [/^\[16,3,/, /^\[16,4,/, /^$/])
})

t.test('messages sent before the end of the session arrive', async (t) => {
  const { session, socket, next } = await join(t)
  const published = session.publish('com.news')
  const left = session.leave()
  t.same(await next(), ['[16,1,{"acknowledge":true},"com.news"]', '[6,{},"wamp.close.close_realm"]', ''])
  socket.send('[17,1,9]\x1e[6,{},"wamp.close.goodbye_and_out"]\x1e')
  t.equal(await published, 9)
  await left
})

for (const [what, batch] of [['without its last separator', '[36,1,1,{}]\x1e[36,1,2,{}]'], ['that is not JSON', '[36,1,1\x1e'], ['of octets', Buffer.from('[36,1,1,{}]\x1e')]] as const) {
  t.test(`a batch ${what} is a violation`, async (t) => {
    const { session, socket, next } = await join(t)
    socket.send(batch)
    t.same(await next(), ['[3,{"message":"the batch is malformed"},"wamp.error.protocol_violation"]', ''])
    await reaches(session, 'closed')
    t.match(session.end, { reason: 'wamp.error.protocol_violation' })
  })
}

t.test('a router without batches selects the next serializer', async (t) => {
  const { app, url } = await buildApp(t, { batched: false })
  const session = await openClient(t, url, { serializers: [batchedJson(), json()] })
  await app.wamp.join('realm1').register('com.one', () => 1)
  t.equal(await session.call('com.one'), 1)
})
