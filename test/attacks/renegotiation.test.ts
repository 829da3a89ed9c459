import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { once } from 'node:events'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { wampPort, wampRawSocket } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import type { Identity } from '../helper/certificates.ts'
import { RawSocketClient } from '../helper/raw-socket-client.ts'
import { wireCodecs, WireClient } from '../helper/wire-client.ts'
import { needsOpenssl } from '../interop/programs.ts'

const realms = { realm1: { roles: { frontend: everything } } }
const auth = { mine: { type: 'function', authenticator: () => ({ authid: 'joe', role: 'frontend' }) } } as const

/** Resolves if the other end renegotiates. Rejects if it ends the connection instead. */
async function renegotiate (socket: TLSSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('close', () => { reject(new Error('the connection was closed')) })
    socket.on('error', reject).resume()
    socket.renegotiate({ rejectUnauthorized: false }, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

/** The TLS options of a server that requests certificates. */
async function serverOptions (authority: Authority): Promise<Identity & { ca: string, requestCert: true, rejectUnauthorized: false }> {
  return { ...await authority.sign('router'), ca: authority.cert, requestCert: true, rejectUnauthorized: false }
}

/** A client with a certificate, over the last version of TLS that has renegotiation. */
async function clientOptions (authority: Authority): Promise<ConnectionOptions> {
  return { ...await authority.sign('joe'), ca: authority.cert, maxVersion: 'TLSv1.2' }
}

/** A connection that has not sent anything yet. */
async function connectTo (t: Test, host: string, port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ port, host, ...options, checkServerIdentity: () => undefined })
  t.teardown(() => { socket.destroy() })
  await once(socket, 'secureConnect')
  return socket
}

t.test('a client cannot renegotiate TLS, and so cannot present the certificate of another client', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const [tls, client] = [await serverOptions(authority), await clientOptions(authority)]
  const app = Fastify({ https: tls })
  await app.register(wampPlugin, { realms, auth, shutdownTimeout: 100 })
  await app.register(wampRawSocket, { port: 0, tls, auth })
  const further = Fastify({ https: tls })
  await further.register(wampPort, { app })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  await further.listen({ port: 0, host: '127.0.0.1' })
  const portOf = (server: { address (): unknown }): number => (server.address() as AddressInfo).port
  const rawPort = portOf(app.wampRawSockets[0]!)
  const url = `wss://127.0.0.1:${portOf(app.server)}/ws`
  const hello = [1, 'realm1', { roles: { caller: {} }, authmethods: ['mine'] }]

  await t.test('before an upgrade, or before the handshake of RawSocket', async (t) => {
    for (const port of [portOf(app.server), portOf(further.server), rawPort]) await t.rejects(renegotiate(await connectTo(t, '127.0.0.1', port, client)))
  })
  await t.test('over WebSocket', async (t) => {
    const joined = await WireClient.connect(t, url, wireCodecs[0]!, { tls: client })
    t.match(await joined.ask(hello), [2])
    await t.rejects(renegotiate(joined.stream!))
    await joined.closed
  })
  await t.test('over RawSocket', async (t) => {
    const joined = await RawSocketClient.connect(t, { to: { port: rawPort, host: '127.0.0.1' }, tls: client })
    t.match(await joined.ask(hello), [2])
    await t.rejects(renegotiate(joined.socket as TLSSocket))
    await joined.closed
  })
})

t.test('a client cannot renegotiate TLS with the further servers of localhost', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const app = Fastify({ https: await serverOptions(authority) })
  await app.register(wampPlugin, { realms, auth, shutdownTimeout: 100 })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: 'localhost' })
  const options = await clientOptions(authority)
  for (const { address, port } of app.addresses() as AddressInfo[]) await t.rejects(renegotiate(await connectTo(t, address, port, options)), address)
})
