import { argon2id } from '@noble/hashes/argon2.js'
import t from 'tap'
import type { Test } from 'tap'
import { batchedJson, cryptosign, json, ticket, wampcra, wampScram } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'
import { scramCredentials } from 'fastify-wamp'
import { sha256, pbkdf2Here } from '../../plugin/client/sha256.ts'
import { createHash, pbkdf2Sync } from 'node:crypto'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { ClientKey } from '../helper/cryptosign.ts'
import { checkCalls, checkEvents } from './calls.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { openClient, reaches } from './scripted-router.ts'

for (const serializer of [json(), batchedJson(), msgpack(), cbor()]) {
  t.test(`two clients and the app talk to each other over ${serializer.subprotocol}`, async (t) => {
    const { app, url } = await buildApp(t)
    const serializers = [serializer]
    const [callee, caller] = [await openClient(t, url, { serializers }), await openClient(t, url, { serializers })]
    await checkCalls(t, { callee, caller })
    t.equal(await app.wamp.join('realm1').call('com.add', [1, 1]), 2)
    await checkEvents(t, { callee, caller, topic: 'com.news' })

    const stop = new AbortController()
    await callee.register('com.wait', ({ signal }) => new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => { reject(signal.reason) })
      stop.abort(new Error('enough'))
    }))
    await t.rejects(caller.call('com.wait', [], {}, { signal: stop.signal }), /enough/)
    await Promise.all([caller.leave(), callee.leave()])
  })
}

t.test('octets in place of args are the only one, as Crossbar.io\'s clients send them with enc_algo', async (t) => {
  const { url } = await buildApp(t)
  const sender = await WireClient.join(t, url, wireCodecs[2]!)
  const octets = new Uint8Array([0, 1, 255])
  for (const [i, serializer] of [json(), msgpack(), cbor()].entries()) {
    const client = await openClient(t, url, { serializers: [serializer] })
    const heard: unknown[] = []
    await client.subscribe('com.news', ({ args, details }) => { heard.push([args, details]) })
    await client.register('com.echo', ({ args, details }) => [args, details.enc_algo])
    await sender.ask([16, 2 * i + 1, { enc_algo: 'cryptobox', acknowledge: true }, 'com.news', Buffer.from(octets)])
    const [, , , [[[back], algorithm]]] = await sender.ask([48, 2 * i + 2, { enc_algo: 'cryptobox' }, 'com.echo', Buffer.from(octets)]) as [50, number, object, [[[Buffer], string]]]
    t.same([Buffer.from(back), algorithm], [Buffer.from(octets), 'cryptobox'])
    t.strictSame(heard, [[[octets], { enc_algo: 'cryptobox' }]])
    await client.leave()
  }
})

/** The WebSocket of Node.js is taken where none is given, with headers, and after the connection was lost. */
async function checkOwnWebSocket (t: Test): Promise<void> {
  const { app, url } = await buildApp(t)
  const cookies: unknown[] = []
  app.server.on('upgrade', ({ headers }) => { cookies.push(headers.cookie) })
  for (const serializer of [json(), msgpack(), cbor()]) {
    const options = { serializers: [serializer], WebSocket: undefined as never, headers: { cookie: 'a=b' } }
    const [callee, caller] = [await openClient(t, url, options), await openClient(t, url, options)]
    await checkCalls(t, { callee, caller })
    await checkEvents(t, { callee, caller, topic: 'com.news' })
    app.wamp.kick('realm1', { session: caller.id })
    await reaches(caller, 'waiting')
    await reaches(caller, 'open')
    t.equal(await caller.call('com.add', [1, 1]), 2)
    await Promise.all([caller.leave(), callee.leave()])
  }
  t.strictSame(cookies, Array(9).fill('a=b'))
}

// Node.js 20 has none: `npm run test:matrix` runs this with later versions.
if ('WebSocket' in globalThis) t.test('the WebSocket of Node.js is used by default, with headers, also after a lost connection', checkOwnWebSocket)

t.test('all login methods work, also again after a lost connection', async (t) => {
  const key = new ClientKey('11'.repeat(32))
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { user: everything } } },
    auth: {
      ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } },
      wampcra: { type: 'static', users: { joe: { secret: 'secret', role: 'user' }, ann: { secret: 'salted', secretIsPlain: true, salt: 'pepper', role: 'user' } } },
      'wamp-scram': { type: 'static', principals: { 'joe,=': { role: 'user', ...await scramCredentials('pässword') }, ann: { role: 'user', ...await scramCredentials('secret', { kdf: 'pbkdf2', iterations: 1000 }) } } },
      cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [key.publicKey], role: 'user' } } }
    }
  })
  const here = (password: string, salt: Uint8Array, { iterations, memory }: { iterations: number, memory: number }): Uint8Array => argon2id(password, salt, { t: iterations, m: memory, p: 1, dkLen: 32 })
  const logins = [
    ticket({ authid: 'joe', ticket: 'secret' }), wampcra({ authid: 'joe', secret: 'secret' }), wampcra({ authid: 'ann', secret: async () => 'salted' }),
    wampScram({ authid: 'joe,=', password: 'pässword', argon2id: here }), wampScram({ authid: 'ann', password: 'secret' }), cryptosign({ authid: 'joe', key: '11'.repeat(32) })
  ]
  for (const login of logins) {
    const session = await openClient(t, url, { login })
    t.match(session.principal, { authid: login.authid, authrole: 'user', authmethod: login.method })
    app.wamp.kick('realm1', {})
    await reaches(session, 'waiting')
    await reaches(session, 'open')
    await session.leave()
  }
  for (const login of [ticket({ authid: 'joe', ticket: 'wrong' }), wampcra({ authid: 'joe', secret: 'wrong' }), wampScram({ authid: 'ann', password: 'wrong' }), cryptosign({ authid: 'joe', key: '22'.repeat(32) })]) {
    await t.rejects(openClient(t, url, { login }), /authentication_denied/, login.method)
  }
  await t.rejects(openClient(t, url, { login: wampScram({ authid: 'joe,=', password: 'pässword' }) }), /argon2id is required/)
})

t.test('on a page without TLS, the client computes hashes itself', async (t) => {
  for (const length of [0, 1, 55, 56, 64, 1000]) {
    const octets = new Uint8Array(length).fill(7)
    t.same(Buffer.from(sha256(octets)), createHash('sha256').update(octets).digest())
  }
  for (const [length, password] of [[32, 'secret'], [40, 'p'.repeat(100)]] as const) {
    t.same(Buffer.from(pbkdf2Here(password, Buffer.from('salt'), 10, length)), pbkdf2Sync(password, 'salt', 10, length, 'sha256'))
  }
  const subtle = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!
  Object.defineProperty(globalThis, 'crypto', { configurable: true, value: { getRandomValues: crypto.getRandomValues.bind(crypto) } })
  t.teardown(() => { Object.defineProperty(globalThis, 'crypto', subtle) })
  const { url } = await buildApp(t, {
    realms: { realm1: { roles: { user: everything } } },
    auth: {
      wampcra: { type: 'static', users: { ann: { secret: 'salted', secretIsPlain: true, salt: 'pepper', iterations: 10, role: 'user' } } },
      'wamp-scram': { type: 'static', principals: { ann: { role: 'user', ...await scramCredentials('secret', { kdf: 'pbkdf2', iterations: 10 }) } } }
    }
  })
  for (const login of [wampcra({ authid: 'ann', secret: 'salted' }), wampScram({ authid: 'ann', password: 'secret' })]) {
    t.equal((await openClient(t, url, { login })).principal.authid, 'ann')
  }
  await t.rejects(openClient(t, url, { login: cryptosign({ key: '11'.repeat(32) }) }), /pass a signer/)
})
