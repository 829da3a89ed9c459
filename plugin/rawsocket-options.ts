import type { TlsOptions } from 'node:tls'
import type { AuthOptions } from './auth-options.ts'
import type { EndpointOptions } from './options.ts'

/** The options of `fastify.register(wampRawSocket, options)`. One of `port`, `path` and `sharePort` is required. */
export interface RawSocketOptions {
  /** The TCP port to listen on; 0 for any free port, see `app.wampRawSockets`. */
  port?: number
  /** The address or host name to listen on. @default '127.0.0.1' */
  host?: string
  /** The path of a Unix socket to listen on. A socket file that no process listens on is replaced. */
  path?: string
  /**
   * Accepts RawSocket clients at the port of the app itself, next to HTTP and WebSocket, and with the TLS of the app. The first octet of a connection
   * tells them apart. @default false
   */
  sharePort?: boolean
  /** The TLS options of Node.js, such as `key` and `cert`. @default without TLS */
  tls?: TlsOptions
  /** The authentication methods, without `cookie`. @default only anonymous, with role `anonymous` */
  auth?: Omit<AuthOptions, 'cookie'>
  /**
   * Sends a PING to a silent client, and disconnects the client if it does not answer. Autobahn for Python and others close the connection
   * when they receive a PING. TCP keep-alive is always on, and also detects clients that have disappeared. Both use the interval
   * `pingInterval`. @default false
   */
  pings?: boolean
  /** The serializers to accept. @default ['json', 'msgpack', 'cbor'] */
  serializers?: NonNullable<EndpointOptions['serializers']>
}
