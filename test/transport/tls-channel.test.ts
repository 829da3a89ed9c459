import { PassThrough } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import type { Attempt, TlsChannel } from 'fastify-wamp'
import { tlsChannelOf } from '../../plugin/transport/tls-channel.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { wireCodecs, WireClient } from '../helper/wire-client.ts'
import { needsOpenssl } from '../interop/programs.ts'

const [json] = wireCodecs

/** What an authenticator sees of a client that connects so, and the client. */
async function attempt (t: Test, url: string, seen: Attempt[], tls: ConnectionOptions): Promise<{ channel: TlsChannel, client: WireClient }> {
  const client = await WireClient.connect(t, url, json!, { tls })
  t.match(await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['mine'] }]), [2])
  return { channel: seen.pop()!.tls!, client }
}

t.test('a stream without TLS has no channel', async (t) => {
  t.equal(tlsChannelOf(null), null)
  t.equal(tlsChannelOf(new PassThrough()), null)
})

t.test('an authenticator receives the TLS channel that terminates here', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const seen: Attempt[] = []
  const { url } = await buildApp(t, {
    realms: { realm1: { roles: { frontend: everything } } },
    auth: { mine: { type: 'function', authenticator: (attempt) => { seen.push(attempt); return { authid: 'joe', role: 'frontend' } } } }
  }, { ...await authority.sign('router'), ca: authority.cert, requestCert: true, rejectUnauthorized: false })
  const ca = authority.cert
  const stranger = await Authority.create(t)

  await t.test('a certificate is accepted only if a trusted authority has signed it', async (t) => {
    const { channel } = await attempt(t, url, seen, { ca, ...await authority.sign('joe') })
    t.equal(channel.peerCertificate?.subject, 'CN=joe')
    t.equal((await attempt(t, url, seen, { ca })).channel.peerCertificate, null)
    t.equal((await attempt(t, url, seen, { ca, ...await stranger.sign('joe') })).channel.peerCertificate, null)
  })

  await t.test('a resumed channel has its original certificate, and one that was not accepted is still not accepted', async (t) => {
    for (const [name, identity] of [['joe', await authority.sign('joe')], [undefined, await stranger.sign('joe')], [undefined, {}]] as const) {
      for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
        const { client } = await attempt(t, url, seen, { ca, maxVersion, ...identity })
        const session = client.stream!.getSession()!
        client.socket.close()
        const again = await attempt(t, url, seen, { ca, maxVersion, ...identity, session })
        t.ok(again.client.stream!.isSessionReused())
        t.equal(again.channel.peerCertificate?.subject, name && `CN=${name}`)
      }
    }
  })

  await t.test('tls-exporter is a value that both ends know, only with TLS 1.3 [CSG-08]', async (t) => {
    const { channel, client } = await attempt(t, url, seen, { ca })
    t.equal(client.stream!.getProtocol(), 'TLSv1.3')
    t.same(channel.channelBinding('tls-exporter'), client.stream!.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)))
    t.equal(channel.channelBinding('tls-unique'), null)
    const other = await attempt(t, url, seen, { ca })
    t.notSame(channel.channelBinding('tls-exporter'), other.channel.channelBinding('tls-exporter'), 'each channel has its own')
    const old = await attempt(t, url, seen, { ca, maxVersion: 'TLSv1.2' })
    t.equal(old.channel.channelBinding('tls-exporter'), null)
  })
})
