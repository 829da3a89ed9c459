import type { BridgeOptions, EndpointOptions, FileOptions } from '../options.ts'
import type { LongPollOptions } from '../longpoll-options.ts'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import type { NodeConfiguration, PortConfiguration } from './node-configuration.ts'

/** The text that `fastify-wamp check` prints for a configuration that can be served: one line for each service, then the warnings. */
export function summaryOf ({ plugin, ports, warnings, ...main }: NodeConfiguration): string {
  const { static: files, ...endpoint } = plugin
  const first = { ...main, port: files === undefined ? {} : { static: files }, endpoints: [endpoint, ...main.endpoints] }
  const lines = [
    `realms: ${Object.keys(plugin.realms).join(', ')}`,
    ...[first, ...ports].flatMap(portLines),
    ...warnings.map((warning) => `warning: ${warning}`)
  ]
  return `${lines.join('\n')}\n`
}

function portLines ({ listen: { host, port }, https, port: files, endpoints, longPolls, bridges, rawSockets }: PortConfiguration): string[] {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const [http, ws] = https === null ? ['http', 'ws'] : ['https', 'wss']
  return [
    ...endpoints.map((endpoint) => `${ws}://${address}${endpoint.path ?? ''}  WebSocket, ${loginsOf(endpoint)}`),
    ...longPolls.map((endpoint) => `${http}://${address}${endpoint.path ?? ''}  long-poll, ${loginsOf(endpoint)}`),
    ...bridges.map((bridge) => `${http}://${address}${bridge.call ?? bridge.publish ?? ''}  ${bridgeOf(bridge)}`),
    ...rawSockets.map((rawSocket) => `${rawSocket.sharePort === true ? `${https === null ? 'rs' : 'rss'}://${address}` : rawAddressOf(rawSocket)}  RawSocket, ${loginsOf(rawSocket)}`),
    ...foldersOf(files).map(({ root, prefix }) => `${http}://${address}${prefix ?? '/'}  files of ${String(root)}`)
  ]
}

function rawAddressOf ({ host = '', port, path, tls }: RawSocketOptions): string {
  return path === undefined ? `${tls === undefined ? 'rs' : 'rss'}://${host.includes(':') ? `[${host}]` : host}:${port}` : `rs+unix://${path}`
}

function loginsOf ({ auth, cookie }: Pick<EndpointOptions, 'auth' | 'cookie'> | LongPollOptions): string {
  const methods = Object.keys(auth ?? { anonymous: {} }).join(', ')
  return `logins by ${methods}${cookie === undefined ? '' : `, cookie ${cookie.name ?? ''}`}`
}

function bridgeOf ({ call, as }: BridgeOptions): string {
  return `${call === undefined ? 'publications' : 'calls'} by POST as ${as?.role ?? ''} of ${as?.realm ?? ''}`
}

function foldersOf ({ static: folders = [] }: FileOptions): Extract<FileOptions['static'], readonly unknown[]> {
  return 'root' in folders ? [folders] : folders
}
