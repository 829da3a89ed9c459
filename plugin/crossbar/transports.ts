import type { Setting, Settings } from './setting.ts'
import type { Port } from './port.ts'
import type { PortScope, Scope } from './site.ts'
import { readTls } from './tls.ts'
import { readPaths } from './web-services.ts'
import { readWebsocket, websocketKeys } from './websocket-service.ts'

type TransportReader = (setting: Setting, scope: Scope) => void

const transports: ReadonlyMap<string, TransportReader> = new Map([
  ['web', readWeb],
  ['websocket', readWebsocketTransport],
  ['universal', readUniversal]
])
const notServed = 'is not supported: its clients can use WebSocket'

/** Reads one of a router worker's transports. An unsupported type is not served and causes a warning. */
export function readTransport (setting: Setting, scope: Scope): void {
  const read = transports.get(setting.member('type').string())
  if (read === undefined) return setting.warn(notServed)
  read(setting, scope)
}

function readWeb (setting: Setting, scope: Scope): void {
  const web = setting.record({ served: ['type', 'endpoint', 'paths', 'options'], silent: ['id'] })
  readPort(web, { ...scope, port: readListen(web.get('endpoint'), scope) })
}

function readPort (web: Settings<'paths' | 'options'>, scope: PortScope): void {
  web.find('options')?.record({ served: [], unserved: ['access_log', 'display_tracebacks', 'hsts', 'hsts_max_age', 'client_timeout'] })
  readPaths(web.get('paths'), '/', scope)
}

/** A port that only serves WebSocket. Without `url`, it serves every path, as in Crossbar.io. */
function readWebsocketTransport (setting: Setting, scope: Scope): void {
  const websocket = setting.record({ served: [...websocketKeys, 'endpoint', 'url'], silent: ['id', 'debug'] })
  const port = readListen(websocket.get('endpoint'), scope)
  const url = websocket.find('url')
  readWebsocket(setting, websocket, url === undefined ? '/*' : readPathname(url), { ...scope, port })
}

function readPathname (setting: Setting): string {
  const url = setting.text()
  if (!URL.canParse(url) || !/^wss?:/i.test(url)) return setting.fail('must be a URL that begins with "ws://" or "wss://"')
  return new URL(url).pathname
}

/** Several protocols on one port. */
function readUniversal (setting: Setting, scope: Scope): void {
  const universal = setting.record({ served: ['type', 'endpoint', 'web', 'websocket', 'rawsocket', 'mqtt'], silent: ['id'] })
  const portScope = { ...scope, port: readListen(universal.get('endpoint'), scope) }
  universal.find('rawsocket')?.warn(notServed)
  universal.find('mqtt')?.warn(notServed)
  const websockets = universal.find('websocket')
  if (websockets !== undefined) readPaths(websockets, '/', portScope)
  const web = universal.find('web')?.record({ served: ['paths', 'options'], silent: ['id', 'type'] })
  if (web !== undefined) readPort(web, portScope)
}

/** Reads a listening endpoint. Without `interface`, it listens on all interfaces, as in Crossbar.io, with IPv4 unless `version` is 6. */
function readListen (setting: Setting, { site, directory }: Scope): Port {
  if (setting.member('type').string() !== 'tcp') setting.member('type').fail('must be "tcp": no other endpoint is supported')
  const endpoint = setting.record({
    served: ['type', 'port', 'interface', 'version', 'portrange', 'tls', 'shared'], unserved: ['backlog', 'user_timeout']
  })
  endpoint.find('portrange')?.fail('is not supported: choose one "port"')
  const everywhere = endpoint.find('version')?.oneOf([4, 6]) === 6 ? '::' : '0.0.0.0'
  const tls = endpoint.find('tls')
  return site.listenOn({
    listen: { host: endpoint.find('interface')?.text() ?? everywhere, port: endpoint.get('port').integer(1, 65_535) },
    https: tls === undefined ? null : readTls(tls, directory, site),
    shared: endpoint.find('shared')?.flag() ?? false
  }, setting)
}
