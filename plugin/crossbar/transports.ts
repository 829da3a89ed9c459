import { closest } from '../did-you-mean.ts'
import type { Setting, Settings } from './setting.ts'
import type { Port } from './port.ts'
import { readRawSocketTransport, readSharedRawSocket } from './raw-sockets.ts'
import type { PortScope, Scope } from './site.ts'
import { readTcp } from './tcp-endpoint.ts'
import { readPaths } from './web-services.ts'
import { readWebsocket, websocketKeys } from './websocket-service.ts'

type TransportReader = (setting: Setting, scope: Scope) => void

const transports: ReadonlyMap<string, TransportReader> = new Map([
  ['web', readWeb],
  ['websocket', readWebsocketTransport],
  ['universal', readUniversal],
  ['rawsocket', readRawSocketTransport]
])
const notServed = 'is not supported: its clients can use WebSocket'

/** Reads one of a router worker's transports. An unsupported type is not served and causes a warning. */
export function readTransport (setting: Setting, scope: Scope): void {
  const type = setting.member('type')
  const read = transports.get(type.string())
  if (read !== undefined) return read(setting, scope)
  const meant = closest(type.string(), transports.keys())
  if (meant === null) setting.warn(notServed)
  else type.warn(`is not supported: did you mean "${meant}"?`)
}

function readWeb (setting: Setting, scope: Scope): void {
  const web = setting.record({ served: ['type', 'endpoint', 'paths', 'options'], silent: ['id'] })
  readPort(web, { ...scope, port: readPortOf(web.get('endpoint'), scope) })
}

function readPort (web: Settings<'paths' | 'options'>, scope: PortScope): void {
  web.find('options')?.record({ served: [], unserved: ['access_log', 'display_tracebacks', 'hsts', 'hsts_max_age', 'client_timeout'] })
  readPaths(web.get('paths'), '/', scope)
}

/** A port that only serves WebSocket. Without `url`, it serves every path, as in Crossbar.io. */
function readWebsocketTransport (setting: Setting, scope: Scope): void {
  const websocket = setting.record({ served: [...websocketKeys, 'endpoint', 'url'], silent: ['id', 'debug'] })
  const port = readPortOf(websocket.get('endpoint'), scope)
  const url = websocket.find('url')
  readWebsocket(setting, websocket, url === undefined ? '/*' : readPathname(url), { ...scope, port })
}

function readPortOf (setting: Setting, scope: Scope): Port {
  return scope.site.listenOn(readTcp(setting, scope), setting)
}

function readPathname (setting: Setting): string {
  const url = setting.text()
  if (!URL.canParse(url) || !/^wss?:/i.test(url)) return setting.fail('must be a URL that begins with "ws://" or "wss://"')
  return new URL(url).pathname
}

/** Several protocols on one port. */
function readUniversal (setting: Setting, scope: Scope): void {
  const universal = setting.record({ served: ['type', 'endpoint', 'web', 'websocket', 'rawsocket', 'mqtt'], silent: ['id'] })
  const portScope = { ...scope, port: readPortOf(universal.get('endpoint'), scope) }
  const rawSocket = universal.find('rawsocket')
  if (rawSocket !== undefined) readSharedRawSocket(rawSocket, portScope)
  universal.find('mqtt')?.warn(notServed)
  const websockets = universal.find('websocket')
  if (websockets !== undefined) readPaths(websockets, '/', portScope)
  const web = universal.find('web')?.record({ served: ['paths', 'options'], silent: ['id', 'type'] })
  if (web !== undefined) readPort(web, portScope)
}
