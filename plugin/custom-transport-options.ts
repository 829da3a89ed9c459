import type { AuthOptions } from './auth-options.ts'
import type { EndpointOptions } from './options.ts'

/** The options of `fastify.wampTransport(options)`. */
export interface CustomTransportOptions {
  /** The authentication methods, without `cookie` and `tls`. @default only anonymous, with role `anonymous` */
  auth?: Omit<AuthOptions, 'cookie' | 'tls'>
  /** The serializers to accept. @default ['json', 'msgpack', 'cbor'] */
  serializers?: NonNullable<EndpointOptions['serializers']>
}
