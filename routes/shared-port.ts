import { Socket } from 'node:net'
import type { Server } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { errors } from '../plugin/errors.ts'
import { startsRequest } from '../plugin/transport/rawsocket-handshake.ts'

/** The servers whose connections are divided. */
const divided = new WeakSet<Server>()

/** A receiver of connections. */
type Accept = (socket: Socket) => void

/**
 * Divides the connections of an HTTP server by their first octet: those of RawSocket clients are passed to `rawSocket`, and all others to the server.
 * A connection that sends nothing for `patience` milliseconds is passed to the server too, whose timeouts then apply. Throws WAMP_ERR_INVALID_OPTION.
 */
export function divideConnections (server: Server, patience: number, rawSocket: Accept): void {
  if (divided.has(server)) throw new errors.WAMP_ERR_INVALID_OPTION('sharePort', 'is already used for this port')
  const event = server instanceof TlsServer ? 'secureConnection' : 'connection'
  // Node.js has no public name for its own listener. This is its name in all versions, for HTTP/1.1 and HTTP/2, with and without TLS.
  const own = server.listeners(event).find(({ name }) => name === 'connectionListener') as ((this: Server, socket: Socket) => void) | undefined
  if (own === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('sharePort', 'is not possible with the server of this app, which is not an HTTP server of Node.js')
  divided.add(server)
  server.removeListener(event, own)
  const http = (socket: Socket): void => { own.call(server, socket) }
  server.on(event, (socket: Socket) => {
    // The client has already chosen HTTP/2, or the app has passed a stream of its own to the server.
    if ((socket as TLSSocket).alpnProtocol === 'h2' || !(socket instanceof Socket)) http(socket)
    else awaitFirstOctet(socket, patience, { http, rawSocket })
  })
}

/** Passes on a connection when its first octets have arrived, which the receiver reads again. */
function awaitFirstOctet (socket: Socket, patience: number, { http, rawSocket }: { readonly http: Accept, readonly rawSocket: Accept }): void {
  const stop = (): void => {
    clearTimeout(timer)
    socket.removeListener('readable', read).removeListener('end', leave).removeListener('error', leave).removeListener('close', stop)
  }
  const read = (): void => {
    const data = socket.read() as Buffer | null
    if (data === null) return
    clearTimeout(timer)
    socket.removeListener('readable', read)
    // In a later tick after the listener was removed, Node.js continues to read, even if the receiver has paused the socket.
    setImmediate(() => {
      stop()
      if (socket.destroyed) return
      socket.unshift(data)
      if (startsRequest(data)) rawSocket(socket)
      else http(socket)
    })
  }
  const leave = (): void => { socket.destroy() }
  const timer = setTimeout(() => {
    stop()
    http(socket)
  }, patience)
  socket.on('readable', read).on('end', leave).on('error', leave).on('close', stop)
}
