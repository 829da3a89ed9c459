import { createSecureContext } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { AuthOptions } from './auth-options.ts'
import { checkLogins } from './check-logins.ts'
import { errors } from './errors.ts'
import type { LongPollOptions } from './longpoll-options.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import { addEndpoint, check, endpointDefaults, withDefaults } from './resolve-options.ts'
import type { ResolvedEndpoint, ResolvedOptions, Served } from './resolve-options.ts'
import type { LongPollTimes } from './transport/longpoll-link.ts'

/** Bytes of the path of a Unix socket, on Linux. */
const LONGEST_SOCKET_PATH = 107

/** The options of a RawSocket listener, with every default. */
export interface ResolvedRawSocket {
  readonly listen: { readonly port: number, readonly host: string } | { readonly path: string }
  readonly tls: TlsOptions | null
  readonly auth: AuthOptions
  readonly pings: boolean
  readonly serializers: ResolvedEndpoint['serializers']
}

/** The options of a RawSocket listener, checked likewise. */
export function resolveRawSocket (given: RawSocketOptions, { realms, pingInterval }: ResolvedOptions): ResolvedRawSocket {
  check(given, 'rawSocket')
  const { port, path, host = '127.0.0.1', tls = null, auth = endpointDefaults.auth, pings = false, serializers = endpointDefaults.serializers } = given
  if (path !== undefined && (port ?? given.host) !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('path', 'cannot be combined with "port" and "host"')
  // Node.js would cut it off without an error.
  if (path !== undefined && Buffer.byteLength(path) > LONGEST_SOCKET_PATH) throw new errors.WAMP_ERR_INVALID_OPTION('path', `must have at most ${LONGEST_SOCKET_PATH} bytes, because the system cuts off a longer one`)
  if (path === undefined && port === undefined) throw new errors.WAMP_ERR_INVALID_OPTION('port', 'is missing: set "port", or "path" for a Unix socket')
  if (given.auth?.cookie !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('auth.cookie', 'is not possible over RawSocket, which has no cookies')
  if (pings && pingInterval === 0) throw new errors.WAMP_ERR_INVALID_OPTION('pings', 'has no effect, because "pingInterval" of the plugin is 0')
  if (tls !== null) checkTls(tls)
  checkLogins(auth, realms, auth === endpointDefaults.auth)
  return { listen: path === undefined ? { port: port!, host } : { path }, tls, auth, pings, serializers }
}

/** Node.js also accepts options with which no client can connect. */
function checkTls (tls: TlsOptions): void {
  try {
    createSecureContext(tls)
  } catch (error) {
    const text = (error as Error).message
    throw new errors.WAMP_ERR_INVALID_OPTION('tls', `is not accepted by Node.js: ${text}${/no start line/.test(text) ? ' (its entries are the contents of PEM files, not their names)' : ''}`)
  }
  const { cert, key, privateKeyIdentifier, pfx, SNICallback, pskCallback } = tls
  const hasCertificate = isGiven(pfx) || (isGiven(cert) && (isGiven(key) || isGiven(privateKeyIdentifier)))
  if (hasCertificate || SNICallback !== undefined || pskCallback !== undefined) return
  throw new errors.WAMP_ERR_INVALID_OPTION('tls', 'must have "key" and "cert", or "pfx": without a certificate and its key, no client can connect')
}

/** False for an empty file, and for an empty list of files. */
function isGiven (value: { readonly length: number } | null | undefined): boolean {
  return (value?.length ?? 0) > 0
}

const longPollDefaults = { path: '/lp', requestTimeout: 10_000, sessionTimeout: 30_000 } as const

/** The options of a long-poll endpoint, which is added to `served`, checked likewise. */
export function resolveLongPoll (given: LongPollOptions, options: ResolvedOptions, served: Served): { readonly endpoint: ResolvedEndpoint, readonly times: LongPollTimes } {
  check(given, 'longPoll')
  const { requestTimeout = longPollDefaults.requestTimeout, sessionTimeout = longPollDefaults.sessionTimeout, path = longPollDefaults.path, ...rest } = given
  if (rest.auth?.tls !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('auth.tls', 'is not possible over long-poll, whose requests may use different connections')
  return { endpoint: addEndpoint(withDefaults({ ...rest, path }), options, served), times: { requestTimeout, sessionTimeout } }
}
