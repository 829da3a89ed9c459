import { createHmac } from 'node:crypto'
import { request } from 'node:http'
import { connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const COUNT = 8
const PADDING = 800_000

/** The bytes of memory in use, after several collections: buffers are freed by the one after that of their owners. */
async function used (): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => { setImmediate(resolve) })
    gc()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The query that signs a request of a bridge. */
function signed (body: string, nonce: number): string {
  const timestamp = new Date().toISOString().replace(/\.\d+Z$/, '.000Z')
  const signature = createHmac('sha256', 'secret').update('key').update(timestamp).update('1').update(String(nonce)).update(body).digest('base64url')
  return `?${new URLSearchParams({ key: 'key', timestamp, seq: '1', nonce: String(nonce), signature }).toString()}`
}

t.test('no route keeps the text of a body while the request waits for an answer', async (t) => {
  const app = Fastify()
  let begun = 0
  let allBegun = (): void => {}
  const wait = async (): Promise<never> => {
    if (++begun === COUNT) allBegun()
    return await new Promise<never>(() => {})
  }
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything, asking: { authorizer: wait } } } }, shutdownTimeout: 100 })
  await app.wamp.join('realm1').register('com.example.wait', wait)
  const service = { realm: 'realm1', role: 'anonymous' }
  await app.register(wampBridge, { call: '/call', publish: '/publish', as: service })
  await app.register(wampBridge, { call: '/signed', as: service, signature: { key: 'key', secret: 'secret' } })
  await app.register(wampBridge, { call: '/asking/call', publish: '/asking/publish', as: { realm: 'realm1', role: 'asking' } })
  app.wampRoute({ method: 'POST', url: '/procedure', procedure: 'com.example.wait', contract: { kwargs: { type: 'object', additionalProperties: true } }, as: app.wamp.join('realm1') })
  t.teardown(() => app.close())
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))

  const requests: readonly [path: string, body: object][] = [
    ['/call', { procedure: 'com.example.wait', args: ['12345678901234567890', 'a text'] }],
    ['/signed', { procedure: 'com.example.wait' }],
    ['/asking/call', { procedure: 'com.example.wait', options: { timeout: 0 } }],
    ['/asking/publish', { topic: 'com.example.topic', kwargs: { a: 'a text' } }],
    ['/procedure', { a: '\0AAEC', b: 'a text' }]
  ]
  for (const [path, body] of requests) {
    // White space is a part of the text alone.
    const text = JSON.stringify(body) + ' '.repeat(PADDING)
    const octets = Buffer.from(text)
    begun = 0
    const waiting = new Promise<void>((resolve) => { allBegun = resolve })
    const before = await used()
    const sent = Array.from({ length: COUNT }, (_, i) => {
      const asked = request({ port, path: path === '/signed' ? path + signed(text, i) : path, host: '127.0.0.1', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': octets.length } })
      return asked.on('error', () => {}).on('response', ({ statusCode }) => { t.fail(`${path} waits, but was answered with ${statusCode}`) }).end(octets)
    })
    await waiting
    t.ok(await used() - before < COUNT * PADDING / 4, `${path} does not`)
    for (const asked of sent) asked.destroy()
  }
})

t.test('no route keeps the body of an answered request whose response waits for an earlier one', async (t) => {
  const app = Fastify()
  let begun = (): void => {}
  let answered = 0
  let allAnswered = (): void => {}
  app.addHook('preValidation', async ({ headers }, reply) => headers['x-refused'] === undefined ? undefined : await reply.code(403).send())
  app.addHook('onSend', async () => { if (++answered === COUNT) allAnswered() })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { heldBytes: 100_000 }, shutdownTimeout: 100 })
  await app.wamp.join('realm1').register('com.example.wait', async () => {
    begun()
    return await new Promise<never>(() => {})
  })
  await app.register(wampBridge, { call: '/call', publish: '/publish', as: { realm: 'realm1', role: 'anonymous' } })
  const contract = { kwargs: { type: 'object', properties: { a: { type: 'array' } }, additionalProperties: true } } as const
  app.wampRoute({ method: 'POST', url: '/procedure', procedure: 'com.example.wait', contract, as: app.wamp.join('realm1') })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })

  const padding = ' '.repeat(PADDING)
  const refused = { 'x-refused': 'yes' }
  const requests: readonly [name: string, path: string, body: string, headers?: object][] = [
    ['the bridge, publishing', '/publish', `{"topic":"com.example.topic"}${padding}`],
    ['the bridge, for a body that is not JSON', '/call', padding],
    ['the bridge, refused by a hook of the app', '/call', `{"procedure":"com.example.wait"}${padding}`, refused],
    ['a procedure route without memory for the values', '/procedure', `{"b":[${'{},'.repeat(50_000)}1]}`],
    ['a procedure route, for a body that is not JSON', '/procedure', `{${padding}`],
    ['a procedure route, for a body that is not valid', '/procedure', `{"a":{"b":1}}${padding}`],
    ['a procedure route, refused by a hook of the app', '/procedure', `{"b":[${'{},'.repeat(50_000)}1]}`, refused]
  ]
  for (const [name, path, text, headers = {}] of requests) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const head = { host: 'x', 'content-type': 'application/json', 'content-length': text.length, ...headers }
    const fields = Object.entries(head).map(([name, value]) => `${name}: ${value}`).join('\r\n')
    const octets = Buffer.from(`POST ${path} HTTP/1.1\r\n${fields}\r\n\r\n${text}`)
    const waiting = new Promise<void>((resolve) => { begun = resolve })
    socket.write('POST /call HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 32\r\n\r\n{"procedure":"com.example.wait"}')
    await waiting
    const before = await used()
    const all = new Promise<void>((resolve) => { allAnswered = resolve })
    answered = 0
    for (let i = 0; i < COUNT; i++) socket.write(octets)
    await all
    t.ok(await used() - before < COUNT * text.length / 4, `${name} does not`)
    socket.destroy()
  }
})
