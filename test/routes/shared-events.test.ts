import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { codecs } from '../../plugin/codec/codecs.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const STREAMS = 20
const all = [...codecs.values()]

/** Streams of events of one topic, and a function for the next event of each. */
async function build (t: Test): Promise<{ url: string, next: () => Promise<string[]> }> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { events: '/events', as: { realm: 'realm1', role: 'anonymous' } })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const streams = await Promise.all(Array.from({ length: STREAMS }, async (_, i) => {
    // Patterns that match the same topic are told the same of it.
    const sent = get(`http://${url}/events?topic=${i % 2 === 0 ? 'com.example' : 'com'}&match=prefix`, { agent: false })
    t.teardown(() => { sent.destroy() })
    const [response] = await once(sent, 'response') as [IncomingMessage]
    response.on('error', () => {})
    return blocksOf(response)
  }))
  const next = async (): Promise<string[]> => await Promise.all(streams.map(async (blocks) => (await blocks.next()).value as string))
  t.same(new Set(await next()), new Set(['retry: 3000']))
  return { url, next }
}

async function * blocksOf (response: IncomingMessage): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of response) {
    const blocks = (rest + String(chunk)).split('\n\n')
    rest = blocks.pop()!
    yield * blocks
  }
}

t.test('a payload is encoded once for all streams, and not decoded if it came as JSON', async (t) => {
  const { url, next } = await build(t)
  for (const codec of wireCodecs) {
    const publisher = await WireClient.join(t, `ws://${url}/ws`, codec)
    const count = (method: 'decodePayload' | 'encodePayload'): () => number => {
      const captured = all.map((codec) => t.capture(codec, method, codec[method].bind(codec) as () => unknown))
      return () => captured.reduce((sum, calls) => sum + calls().length, 0)
    }
    const decoded = count('decodePayload')
    const encoded = count('encodePayload')
    publisher.send([16, 1, {}, 'com.example.news', ['hello'], { from: codec.name }])
    const texts = await next()
    t.equal(new Set(texts).size, 1, codec.name)
    t.match(texts[0], `data: {"topic":"com.example.news","args":["hello"],"kwargs":{"from":"${codec.name}"},"details":{"topic":"com.example.news"}}`)
    t.same([decoded(), encoded()], codec.name === 'JSON' ? [0, 0] : [1, 1], codec.name)
  }
})
