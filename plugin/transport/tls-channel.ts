import type { X509Certificate } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { isVerified } from './client-certificates.ts'
import type { TlsChannel } from './transport.ts'

const EXPORTER_LABEL = 'EXPORTER-Channel-Binding'
const EXPORTER_OCTETS = 32

/** The TLS channel of a connection's stream, or null if there is none or it terminates in a proxy. */
export function tlsChannelOf (stream: Duplex | null): TlsChannel | null {
  return stream instanceof TLSSocket ? new SocketChannel(stream) : null
}

class SocketChannel implements TlsChannel {
  readonly #socket: TLSSocket

  constructor (socket: TLSSocket) {
    this.#socket = socket
  }

  get peerCertificate (): X509Certificate | null {
    // A resumed channel is reported as authorized even without a certificate, so check both.
    return isVerified(this.#socket) ? this.#socket.getPeerX509Certificate() ?? null : null
  }

  channelBinding (type: string): Buffer | null {
    // Before TLS 1.3, two channels may export the same value [RFC 9266, 4.2], and Node.js does not report this.
    if (type !== 'tls-exporter' || this.#socket.getProtocol() !== 'TLSv1.3') return null
    return this.#socket.exportKeyingMaterial(EXPORTER_OCTETS, EXPORTER_LABEL, Buffer.alloc(0))
  }
}
