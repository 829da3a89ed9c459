import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { Authority } from '../helper/certificates.ts'
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
