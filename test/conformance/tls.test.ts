import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { scramCredentials } from 'fastify-wamp'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { ClientKey } from '../helper/cryptosign.ts'
import { answerScram } from '../helper/scram-client.ts'
import type { ScramChallenge } from '../helper/scram-client.ts'
import { forEachCodec, HELLO, WireClient } from '../helper/wire-client.ts'
import { needsOpenssl } from '../interop/programs.ts'

t.test('over TLS', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const { app, url } = await buildApp(t, {}, await authority.sign('router'))
  const tls = { ca: authority.cert }
  await app.wamp.join('realm1').register<[string]>('com.echo', ({ args: [text] }) => text)

  forEachCodec(t, 'a session opens, and calls and events pass in order [ORD-04]', async (t, codec) => {
    const alice = await WireClient.connect(t, url, codec, { tls })
    const bob = await WireClient.connect(t, url, codec, { tls })
    for (const client of [alice, bob]) t.match(await client.ask(HELLO), [2])
    t.ok(alice.stream?.authorized, 'the certificate is the router\'s')

    const text = 'x'.repeat(100_000)
    t.match(await alice.ask([48, 1, {}, 'com.echo', [text]]), [50, 1, {}, [text]])
    t.match(await alice.ask([32, 2, {}, 'com.news']), [33, 2])
    for (let i = 0; i < 100; i++) bob.send([16, i + 1, {}, 'com.news', [i, 'x'.repeat(i * 100)]])
    for (let i = 0; i < 100; i++) t.match(await alice.next(), [36, Number, Number, {}, [i, 'x'.repeat(i * 100)]])
    t.same(await alice.ask([6, {}, 'wamp.close.close_realm']), [6, {}, 'wamp.close.goodbye_and_out'])
  })
})

t.test('cryptosign over TLS', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const key = new ClientKey('11'.repeat(32))
  const options = {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [key.publicKey], role: 'frontend' } } } }
  } as const
  const { url } = await buildApp(t, options, await authority.sign('router'))
  const hello = (type: string): unknown[] => [1, 'realm1', { ...HELLO[2], authmethods: ['cryptosign'], authextra: { pubkey: key.publicKey, channel_binding: type } }]

  forEachCodec(t, 'a login by cryptosign is bound to the channel by tls-exporter [CSG-07, CSG-08]', async (t, codec) => {
    const connect = (): Promise<WireClient> => WireClient.connect(t, url, codec, { tls: { ca: authority.cert } })
    const client = await connect()
    const exported = client.stream!.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    const [, , extra] = await client.ask(hello('tls-exporter')) as [number, string, { challenge: string, channel_binding: string }]
    t.equal(extra.channel_binding, 'tls-exporter')
    t.match(await client.ask([5, key.answer(extra.challenge, exported), {}]), [2, Number, { authid: 'joe' }])

    const other = await connect()
    const [, , { challenge }] = await other.ask(hello('tls-exporter')) as [number, string, { challenge: string }]
    t.match(await other.ask([5, key.answer(challenge, exported), {}]), [3, {}, 'wamp.error.authentication_denied'], 'what is of another channel')
  })

  forEachCodec(t, 'an unavailable channel binding is not claimed [CSG-08, TRP-52]', async (t, codec) => {
    const client = await WireClient.connect(t, url, codec, { tls: { ca: authority.cert } })
    const [, , extra] = await client.ask(hello('tls-unique')) as [number, string, { challenge: string, channel_binding: null }]
    t.equal(extra.channel_binding, null)
    t.match(await client.ask([5, key.answer(extra.challenge), {}]), [2, Number, { authid: 'joe' }])
  })
})

t.test('wamp-scram over TLS', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const { url } = await buildApp(t, {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...await scramCredentials('pencil', { kdf: 'pbkdf2', iterations: 100 }), role: 'frontend' } } } }
  }, await authority.sign('router'))
  const [type, nonce] = ['tls-exporter', 'egVDf3DMJh0=']

  forEachCodec(t, 'a login by WAMP-SCRAM is bound to the channel by tls-exporter [SCR-04, SCR-05]', async (t, codec) => {
    const [client, other] = [await WireClient.connect(t, url, codec, { tls: { ca: authority.cert } }), await WireClient.connect(t, url, codec, { tls: { ca: authority.cert } })]
    const data = client.stream!.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    for (const [one, expected] of [[client, [2, Number, { authid: 'joe' }]], [other, [3, {}, 'wamp.error.authentication_denied']]] as const) {
      const [, , challenge] = await one.ask([1, 'realm1', { ...HELLO[2], authmethods: ['wamp-scram'], authid: 'joe', authextra: { nonce, channel_binding: type } }]) as [number, string, ScramChallenge]
      const { signature, extra } = answerScram(challenge, { authid: 'joe', password: 'pencil', nonce, binding: { type, data } })
      t.match(await one.ask([5, signature, extra]), expected)
    }
  })
})

t.test('the method tls', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const joe = await authority.sign('joe')
  const { fingerprint: certificateSha1 } = new X509Certificate(joe.cert)
  const server = { ...await authority.sign('router'), ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const { app, url } = await buildApp(t, {
    realms: { realm1: { roles: { anonymous: everything, frontend: everything } } },
    auth: { tls: { type: 'static', principals: { joe: { certificateSha1, role: 'frontend' } } }, anonymous: { type: 'static' } }
  }, server)
  const hello = (authmethods: string[]): unknown[] => [1, 'realm1', { ...HELLO[2], authmethods }]
  const foreign = await (await Authority.create(t)).sign('joe')

  forEachCodec(t, 'a client certificate logs in its principal without a challenge, repeatedly [TLS-01, TLS-02, CKL-16]', async (t, codec) => {
    const client = await WireClient.connect(t, url, codec, { tls: { ca: authority.cert, ...joe } })
    for (const [methods, expected] of [
      [['tls'], { authid: 'joe', authrole: 'frontend', authmethod: 'tls', authprovider: 'static' }],
      [['anonymous'], { authmethod: 'anonymous', authrole: 'anonymous' }],
      [['tls'], { authid: 'joe', authmethod: 'tls' }]
    ] as const) {
      t.match(await client.ask(hello([...methods])), [2, Number, expected])
      t.match(await client.ask([6, {}, 'wamp.close.close_realm']), [6])
    }
  })

  forEachCodec(t, 'without an accepted certificate, the login fails [TLS-02]', async (t, codec) => {
    for (const identity of [{}, foreign]) {
      const client = await WireClient.connect(t, url, codec, { tls: { ca: authority.cert, ...identity } })
      t.match(await client.ask(hello(['tls', 'anonymous'])), [3, {}, 'wamp.error.authentication_denied'])
    }
    t.same(app.wamp.sessions('realm1').filter(({ authid }) => authid === 'joe'), [])
  })
})
