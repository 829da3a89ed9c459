import type { Server, TLSSocket } from 'node:tls'
import { Recent } from '../recent.ts'

/** The maximum number of certificates that are remembered, each for one host. */
const MOST = 100_000

/** Connections that resume a TLS session, and whose certificate was verified for their host. */
const confirmed = new WeakSet<TLSSocket>()

/**
 * True if an authority that the server trusts for the host of this connection has signed the client's certificate. Node.js reports the result
 * of the handshake in which the TLS session began. A session can be resumed at any host of a server, and each may trust other authorities.
 */
export function isVerified (socket: TLSSocket): boolean {
  return socket.authorized && (!socket.isSessionReused() || confirmed.has(socket))
}

/** The client certificates that a TLS server has verified, for each host. */
export class ClientCertificates {
  readonly #server: Server
  readonly #verified = new Recent<string, true>(MOST)

  constructor (server: Server) {
    this.#server = server
  }

  /** Called when the TLS handshake of a connection is complete. */
  check (socket: TLSSocket): void {
    if (!socket.authorized) return
    if (!hasSeveralHosts(this.#server)) {
      confirmed.add(socket)
      return
    }
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) return
    const name = `${certificate.fingerprint256} ${socket.servername}`
    if (!socket.isSessionReused()) this.#verified.set(name, true)
    // Before TLS 1.3, Node.js does not report the host of a resumed session.
    else if (socket.getProtocol() === 'TLSv1.3' && this.#verified.get(name) === true) confirmed.add(socket)
  }
}

/** True for a server whose hosts may have different authorities. Node.js has no public properties for this; these have existed in all versions. */
function hasSeveralHosts (server: Server): boolean {
  const { _contexts: contexts } = server as Server & { readonly _contexts?: readonly unknown[] }
  const chooses = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'snicallback')
  return contexts === undefined || contexts.length > 0 || chooses === undefined || (server as unknown as Record<symbol, unknown>)[chooses] !== undefined
}
