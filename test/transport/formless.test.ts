import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { codecs } from '../../plugin/codec/codecs.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { WebsocketFraming } from '../../plugin/transport/websocket-framing.ts'
import { unitsSpent } from '../../plugin/work.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { build } from './build-transport.ts'

const json = codecs.get('wamp.2.json')!

function eventOf (payload: Payload, details: Record<string, unknown> = {}): RouterMessage {
  return { type: 36, subscription: 1, publication: 1, details, payload }
}

t.test('an event that a serializer cannot represent is encoded and logged once for all its receivers', async (t) => {
  const receivers = [build(), build(), build()]
  let encodings = 0
  for (const { framing } of receivers) {
    const frame = framing.frame.bind(framing)
    framing.frame = (message) => { encodings++; return frame(message) }
  }
  const payload = Payload.of([new OpaqueValue('cbor', 99, 1)])
  // Each of several subscriptions has its own event.
  const events = [eventOf(payload), eventOf(payload)]
  for (const event of events) {
    for (const { transport } of receivers) {
      const before = unitsSpent()
      t.equal(transport.send(event), 'unencodable')
      t.ok(unitsSpent() - before >= 1, 'each receiver counts')
    }
  }
  t.equal(encodings, 1)
  t.same(receivers.flatMap(({ logged }) => logged).length, 1)
})

t.test('details that a serializer cannot represent are encoded once for all receivers, too', async (t) => {
  let encodings = 0
  const framing = new WebsocketFraming({ binary: false, typed: null, encode: (message, allocate) => { encodings++; return json.encode(message, allocate) } })
  const event = eventOf(Payload.empty, { x: Symbol('x') })
  t.equal(framing.hasFailed(event), false)
  t.throws(() => framing.frame(event))
  t.equal(framing.hasFailed(event), true)
  t.equal(framing.hasFailed(eventOf(Payload.empty)), false)
  t.equal(encodings, 1)
  const { transport, framing: own, logged } = build()
  own.hasFailed = (message) => framing.hasFailed(message)
  t.equal(transport.send(event), 'unencodable')
  t.same(logged, [])
  framing.forget()
  t.equal(framing.hasFailed(event), false)
})

t.test('many subscribers that cannot receive an event cause one line in the log', async (t) => {
  const lines: string[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const [jsonCodec, , cbor] = wireCodecs as [typeof wireCodecs[0], typeof wireCodecs[0], typeof wireCodecs[0]]
  const url = `ws://127.0.0.1:${port}/ws`
  const publisher = await WireClient.join(t, url, cbor)
  const subscribers = await Promise.all(Array.from({ length: 5 }, () => WireClient.join(t, url, jsonCodec)))
  for (const subscriber of subscribers) await subscriber.ask([32, 1, {}, 'a.b'])
  const tagged = Buffer.from('8510 01a0 63612e62 81d86301'.replaceAll(' ', ''), 'hex')
  publisher.socket.send(tagged)
  await publisher.fence()
  for (const subscriber of subscribers) t.same(await subscriber.fence(), [])
  t.equal(lines.length, 1)

  const streams = await Promise.all(Array.from({ length: 3 }, async () => {
    const request = get(`http://127.0.0.1:${port}/events?topic=a.c`)
    const [response] = await once(request, 'response') as [IncomingMessage]
    t.teardown(() => { request.destroy() })
    return response.setEncoding('utf8')
  }))
  lines.length = 0
  tagged[7] = 'c'.charCodeAt(0)
  publisher.socket.send(tagged)
  publisher.send([16, 2, {}, 'a.c', ['next']])
  for (const stream of streams) {
    let text = ''
    while (!text.includes('\n\nid:') && !text.includes('data:')) text += String(await once(stream, 'data'))
    t.match(text, /"args":\["next"\]/)
  }
  t.equal(lines.length, 1)
})
