import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import type { ListenOptions, Server, Socket } from 'node:net'
import { dirname } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { errors } from '../plugin/errors.ts'
import { Admission } from '../plugin/transport/admission.ts'
import { furtherServers } from './connections.ts'
import { OpenConnections } from './open-connections.ts'
import { Handshakes } from './rawsocket-handshakes.ts'
import type { HandshakeOptions } from './rawsocket-handshakes.ts'
import { divideConnections } from './shared-port.ts'
import { isFree } from './unix-socket.ts'

/** The parts of RawSocket at one port. */
export interface RawSocketParts extends HandshakeOptions {
  /** The time after which TCP checks whether a silent client is still there, in milliseconds; 0 for never. */
  readonly keepAlive: number
}

/** The parts of a RawSocket listener. */
export interface RawSocketListenerOptions extends RawSocketParts {
  /** The address to listen on. */
  readonly listen: ListenOptions
  /** Null without TLS. */
  readonly tls: TlsOptions | null
  /** The maximum number of connections from one address; 0 for no limit. */
  readonly connectionsOfAddress: number
}

/** Listens for RawSocket clients as soon as the app is ready, and closes with the app. Returns the server. */
export function rawSocketListener (fastify: FastifyInstance, options: RawSocketListenerOptions): Server {
  const { tls, listen, handshakeTimeout, keepAlive } = options
  const handshakes = new Handshakes(options, fastify.log)
  const accept = (socket: Socket): void => { handshakes.begin(socket) }
  const tcp = { noDelay: true, keepAlive: keepAlive > 0, keepAliveInitialDelay: keepAlive }
  const server = tls === null ? createServer(tcp, accept) : createTlsServer({ handshakeTimeout, ...tcp, ...tls }, accept)
  if (tls !== null) limitHandshakes(server, options.connectionsOfAddress)
  // Those that are accepted are the router's.
  const waiting = new OpenConnections(server)
  server.on('tlsClientError', (error, socket: Socket) => {
    fastify.log.debug({ err: error }, 'a TLS handshake failed')
    // Unlike a server of HTTPS, one of TLS keeps the connection if the client was too slow.
    socket.destroy()
  })
  let state: 'open' | 'closing' = 'open'
  let listening: Promise<void> | undefined
  let closed: Promise<void> | undefined
  fastify.addHook('onReady', async () => {
    // The app may begin to close at any time while it becomes ready.
    if (state === 'closing') return
    listening = listenOn(server, listen)
    await listening
    server.on('error', (error) => { fastify.log.error({ err: error }, 'the RawSocket listener failed') })
    if (server.listening) fastify.log.info({ address: server.address() }, 'RawSocket clients can connect')
  })
  fastify.addHook('preClose', async () => {
    state = 'closing'
    // A server that does not listen yet would continue to open after it is closed.
    closed = listening?.then(() => new Promise((resolve) => { server.close(() => { resolve() }) }), () => {})
    handshakes.close()
    waiting.close()
  })
  fastify.addHook('onClose', async () => { await closed })
  return server
}

/** The parts of RawSocket at the port of an app. */
export interface SharedRawSocketOptions extends RawSocketParts {
  /** True if clients can log in with certificates. */
  readonly needsCertificates: boolean
}

/**
 * Accepts RawSocket clients at the port of the app's own server. Throws WAMP_ERR_INVALID_OPTION if this server is not one of Node.js, if it already
 * accepts such clients, or if it does not ask for certificates that are needed.
 */
export function shareRawSocket (fastify: FastifyInstance, options: SharedRawSocketOptions): void {
  const { handshakeTimeout, keepAlive, needsCertificates } = options
  // Node.js has no public property for it; this one has existed in all versions.
  const { requestCert }: { readonly requestCert?: boolean } = fastify.server as object
  if (needsCertificates && requestCert !== true) throw new errors.WAMP_ERR_INVALID_OPTION('auth.tls', 'needs an app with "https" and requestCert: true: otherwise no client is asked for a certificate')
  const handshakes = new Handshakes(options, fastify.log)
  const share = (server: Server): void => {
    divideConnections(server, handshakeTimeout, (socket) => {
      // A server of HTTP lets clients close their end first.
      socket.allowHalfOpen = false
      handshakes.begin(socket.setNoDelay(true).setKeepAlive(keepAlive > 0, keepAlive))
    })
  }
  share(fastify.server)
  fastify.addHook('onListen', async () => { for (const further of furtherServers(fastify)) share(further) })
  fastify.addHook('preClose', async () => { handshakes.close() })
}

/**
 * Clients of TLS count toward the limit after the TLS handshake, since only then they can be told that they are refused. Before it, twice as many
 * connections of an address are open at most, and further ones are closed at once.
 */
function limitHandshakes (server: Server, connectionsOfAddress: number): void {
  const admission = new Admission({ connectionsOfAddress: 2 * connectionsOfAddress, upgradesPerSecond: 0 })
  server.on('connection', (socket: Socket) => {
    const entry = admission.enter(socket.remoteAddress)
    if (typeof entry === 'function') socket.once('close', entry)
    else socket.destroy()
  })
}

/** Listens, and replaces a Unix socket that a process has left behind. */
async function listenOn (server: Server, options: ListenOptions): Promise<void> {
  try {
    await listen(server, options)
  } catch (error) {
    const [{ code }, { path }] = [error as NodeJS.ErrnoException, options]
    // Node.js reports a missing directory as EACCES.
    if (code === 'EACCES' && path !== undefined && !existsSync(dirname(path))) throw new errors.WAMP_ERR_INVALID_OPTION('path', `must be in a directory that exists: there is no "${dirname(path)}"`)
    if (code !== 'EADDRINUSE' || path === undefined || !await isFree(path)) throw error
    await listen(server, options)
  }
}

async function listen (server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
