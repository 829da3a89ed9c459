import { createSecureContext } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import type { AuthOptions } from './auth-options.ts'
import { checkLogins } from './check-logins.ts'
import { checkRawSocketNumbers, checkSerializers } from './check-serializers.ts'
import { errors } from './errors.ts'
import type { CustomTransportOptions } from './custom-transport-options.ts'
import type { LongPollOptions } from './longpoll-options.ts'
import type { RawSocketOptions } from './rawsocket-options.ts'
import { defaults, fill } from './option-defaults.ts'
import type { Filled } from './option-defaults.ts'
import { addEndpoint, check, resolveCookie } from './resolve-options.ts'
import type { Served } from './resolve-options.ts'
import type { ResolvedEndpoint, ResolvedOptions } from './resolved-options.ts'
import type { LongPollTimes } from './transport/longpoll-link.ts'

/** Bytes of the path of a Unix socket, on Linux. */
const LONGEST_SOCKET_PATH = 107

/** The options of a RawSocket listener, with every default. */
export interface ResolvedRawSocket extends Omit<Filled<RawSocketOptions, typeof defaults.rawSocket>, 'port' | 'host' | 'path' | 'sharePort'> {
  /** Null for the port of the app. */
  readonly listen: { readonly port: number, readonly host: string } | { readonly path: string } | null
}

/** The options of a RawSocket listener, checked likewise. */
export function resolveRawSocket (given: RawSocketOptions, { realms, pingInterval }: ResolvedOptions): ResolvedRawSocket {
  check(given, 'rawSocket')
  const { port, path, host, sharePort, ...rest } = fill(defaults.rawSocket, given)
  if (sharePort && (port ?? given.host ?? path ?? rest.tls) != null) throw new errors.WAMP_ERR_INVALID_OPTION('sharePort', 'cannot be combined with "port", "host", "path" and "tls": the app has an address, and TLS if it has the option "https"')
  if (path !== null && (port ?? given.host) != null) throw new errors.WAMP_ERR_INVALID_OPTION('path', 'cannot be combined with "port" and "host"')
  // Node.js would cut it off without an error.
  if (path !== null && Buffer.byteLength(path) > LONGEST_SOCKET_PATH) throw new errors.WAMP_ERR_INVALID_OPTION('path', `must have at most ${LONGEST_SOCKET_PATH} bytes, because the system cuts off a longer one`)
  if (path === null && port === null && !sharePort) throw new errors.WAMP_ERR_INVALID_OPTION('port', 'is missing: set "port", "path" for a Unix socket, or "sharePort" for the port of the app')
  if (given.auth?.cookie !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('auth.cookie', 'is not possible over RawSocket, which has no cookies')
  if (rest.pings && pingInterval === 0) throw new errors.WAMP_ERR_INVALID_OPTION('pings', 'has no effect, because "pingInterval" of the plugin is 0')
  if (rest.tls !== null) checkTls(rest.tls)
  if (given.auth?.tls !== undefined && !sharePort && rest.tls?.requestCert !== true) throw new errors.WAMP_ERR_INVALID_OPTION('auth.tls', 'needs "tls" with requestCert: true: otherwise no client is asked for a certificate')
  checkLogins(rest.auth, realms, rest.auth === defaults.rawSocket.auth)
  checkSerializers(rest.serializers)
  checkRawSocketNumbers(rest.serializers)
  if (sharePort) return { listen: null, ...rest }
  return { listen: path === null ? { port: port!, host } : { path }, ...rest }
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

/** The options of a transport of the app's own, with every default. */
export function resolveCustomTransport (given: CustomTransportOptions, { realms }: ResolvedOptions): Filled<CustomTransportOptions, typeof defaults.customTransport> {
  check(given, 'customTransport')
  const resolved = fill(defaults.customTransport, given)
  for (const method of ['cookie', 'tls'] as const) {
    if ((resolved.auth as AuthOptions)[method] !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION(`auth.${method}`, 'is not possible over a transport of the app, which has neither headers nor certificates')
  }
  checkLogins(resolved.auth, realms, resolved.auth === defaults.customTransport.auth)
  checkSerializers(resolved.serializers)
  return resolved
}

/** The options of a long-poll endpoint, which is added to `served`, checked likewise. */
export function resolveLongPoll (given: LongPollOptions, options: ResolvedOptions, served: Served): { readonly endpoint: ResolvedEndpoint, readonly times: LongPollTimes } {
  check(given, 'longPoll')
  const { requestTimeout, sessionTimeout, ...endpoint } = fill(defaults.longPoll, given)
  if (given.auth?.tls !== undefined) throw new errors.WAMP_ERR_INVALID_OPTION('auth.tls', 'is not possible over long-poll, whose requests may use different connections')
  return { endpoint: addEndpoint(resolveCookie(endpoint), options, served), times: { requestTimeout, sessionTimeout } }
}
