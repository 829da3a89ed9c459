import { Authenticators } from './auth/authenticators.ts'
import type { Codec } from './codec/codec.ts'
import { codecsOf } from './codec/codecs.ts'
import { errors } from './errors.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import type { Arrival, Gateway } from './gateway.ts'
import { resolveCustomTransport } from './resolve-transports.ts'
import type { ResolvedOptions } from './resolved-options.ts'
import type { Router } from './router.ts'
import { CustomLink } from './transport/custom-link.ts'
import type { CustomConnection, CustomPeer } from './transport/custom-link.ts'
import { Framings, WholeMessages } from './transport/framing.ts'

/** A transport of the app's own. */
export interface CustomTransport {
  /**
   * Accepts a connection of a client. Throws WAMP_ERR_INVALID_OPTION if the connection is incomplete, and WAMP_ERR_CONNECTION_REFUSED if
   * there are too many connections, or if the router is shutting down.
   */
  accept (connection: CustomConnection): CustomPeer
}

/** The kinds of transports that the router has itself. */
const taken = new Set(['websocket', 'rawsocket', 'longpoll', 'in-process'])

/** The parts of the router's app that a transport needs. */
interface CustomTransportHost {
  readonly options: ResolvedOptions
  readonly router: Pick<Router, 'call'>
  readonly gateway: Gateway
  readonly connections: Arrival['port']
  readonly log: Arrival['log']
}

/** Creates a transport. Throws WAMP_ERR_INVALID_OPTION. */
export function createCustomTransport ({ options, router, gateway, connections, log }: CustomTransportHost, given: CustomTransportOptions): CustomTransport {
  const { auth, serializers } = resolveCustomTransport(given, options)
  const authenticators = new Authenticators(auth, (call) => router.call(call))
  authenticators.close()
  const codecs = codecsOf(serializers)
  const framings = new Framings()
  return {
    accept (connection) {
      const codec = codecFor(connection, codecs)
      if (connections?.isOpen === false) throw new errors.WAMP_ERR_CONNECTION_REFUSED('the port is closing')
      const leave = gateway.admit(connection.peer)
      if (typeof leave !== 'function') throw new errors.WAMP_ERR_CONNECTION_REFUSED(leave.error)
      const link = new CustomLink({ connection, protocol: codec.subprotocol, messageSize: options.limits.messageSize })
      gateway.accept({
        ...{ link, codec, log, leave, batches: null, request: null, cookieLogin: false, visitor: null, port: connections },
        framing: framings.of(codec, WholeMessages),
        authenticators: authenticators.entries()
      })
      return link
    }
  }
}

/** The codec of a connection that is complete. */
function codecFor (connection: CustomConnection, codecs: readonly Codec[]): Codec {
  if (typeof connection !== 'object' || connection === null) throw new errors.WAMP_ERR_INVALID_OPTION('connection', 'must be an object')
  for (const method of ['send', 'pause', 'resume', 'close'] as const) {
    if (typeof connection[method] !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION(`connection.${method}`, 'must be a function')
  }
  if (typeof connection.bufferedBytes !== 'number' || !(connection.bufferedBytes >= 0)) throw new errors.WAMP_ERR_INVALID_OPTION('connection.bufferedBytes', 'must be a number of bytes')
  if (connection.peer !== undefined && typeof connection.peer !== 'string') throw new errors.WAMP_ERR_INVALID_OPTION('connection.peer', 'must be a string')
  if (connection.secure !== undefined && typeof connection.secure !== 'boolean') throw new errors.WAMP_ERR_INVALID_OPTION('connection.secure', 'must be a boolean')
  if (typeof connection.type !== 'string' || connection.type === '' || taken.has(connection.type)) throw new errors.WAMP_ERR_INVALID_OPTION('connection.type', 'must be a name of its own, such as "worker"')
  const codec = codecs.find(({ name }) => name === connection.serializer)
  if (codec === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('connection.serializer', `must be one of ${codecs.map(({ name }) => `"${name}"`).join(', ')}`)
  return codec
}
