import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureContext, Server, TLSSocket } from 'node:tls'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampRawSocket } from 'fastify-wamp'
import type { Attempt, TlsChannel } from 'fastify-wamp'
import { tlsChannelOf } from '../../plugin/transport/tls-channel.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import type { Identity } from '../helper/certificates.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
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

/** A client that connects at a host with a certificate, over a version of TLS. */
interface Visit { readonly servername?: string, readonly identity?: Identity, readonly session?: Buffer }

t.test('a resumed TLS session does not carry a client certificate to a host that trusts other authorities', needsOpenssl(), async (t) => {
  const [authority, other] = [await Authority.create(t), await Authority.create(t)]
  const [router, mine, theirs] = [await authority.sign('router'), await authority.sign('joe'), await other.sign('joe')]
  const elsewhere = { ...router, ca: other.cert }
  const context = createSecureContext(elsewhere)
  const common = { ...router, ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const callback = { ...common, SNICallback: (name: string, done: (error: null, context?: SecureContext) => void) => { done(null, name === 'other.example' ? context : undefined) } }
  for (const kind of ['SNICallback', 'addContext'] as const) {
    const tls = kind === 'SNICallback' ? callback : common
    const seen: Attempt[] = []
    const auth = { mine: { type: 'function', authenticator: (attempt: Attempt) => { seen.push(attempt); return { authid: 'joe', role: 'anonymous' } } } } as const
    const { app, url } = await buildApp(t, { auth }, tls)
    const raw = Fastify()
    t.teardown(() => raw.close())
    await raw.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, auth, shutdownTimeout: 100 })
    await raw.register(wampRawSocket, { port: 0, tls, auth })
    await raw.ready()
    const rawServer = raw.wampRawSockets[0]!
    if (kind === 'addContext') for (const server of [app.server, rawServer] as Server[]) server.addContext('other.example', elsewhere)
    const hello = [1, 'realm1', { roles: { caller: {} }, authmethods: ['mine'] }]

    for (const transport of ['WebSocket', 'RawSocket'] as const) {
      for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
        /** Logs in; returns the name in the certificate that the authenticator sees, and the TLS session. */
        const visit = async ({ servername = '', identity, session }: Visit): Promise<{ name: string | undefined, session: Buffer }> => {
          const options = { ca: authority.cert, maxVersion, servername, checkServerIdentity: () => undefined, ...identity, ...(session === undefined ? {} : { session }) }
          const client = transport === 'WebSocket'
            ? await WireClient.connect(t, url, json!, { tls: options })
            : await RawSocketClient.connect(t, { to: { port: (rawServer.address() as AddressInfo).port, host: '127.0.0.1' }, tls: options })
          t.match(await client.ask(hello), [2])
          const stream = (client instanceof WireClient ? client.stream! : client.socket) as TLSSocket
          t.equal(stream.isSessionReused(), session !== undefined)
          const name = seen.pop()!.tls!.peerCertificate?.subject
          const kept = stream.getSession()!
          stream.destroy()
          return { name, session: kept }
        }
        await t.test(`${kind}, ${transport}, ${maxVersion}`, async (t) => {
          t.equal((await visit({ identity: theirs })).name, undefined, 'not trusted here')
          const there = await visit({ servername: 'other.example', identity: theirs })
          t.equal(there.name, 'CN=joe', 'trusted there')
          for (const servername of ['', 'a.example']) t.equal((await visit({ servername, session: there.session })).name, undefined, `resumed at "${servername}"`)
          t.equal((await visit({ servername: 'other.example', session: there.session })).name, maxVersion === 'TLSv1.3' ? 'CN=joe' : undefined, 'resumed at its own host')
          const nowhere = await visit({ identity: mine })
          t.equal(nowhere.name, 'CN=joe', 'without a host')
          t.equal((await visit({ servername: 'other.example', session: nowhere.session })).name, undefined)
          const here = await visit({ servername: 'a.example', identity: mine })
          t.equal(here.name, 'CN=joe')
          t.equal((await visit({ servername: 'other.example', session: here.session })).name, undefined)
          t.equal((await visit({ servername: 'a.example', session: here.session })).name, maxVersion === 'TLSv1.3' ? 'CN=joe' : undefined)
        })
      }
    }
  }
})
