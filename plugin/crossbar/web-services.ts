import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { closest } from '../did-you-mean.ts'
import { isNetwork } from '../networks.ts'
import type { BridgeOptions } from '../options.ts'
import { readLongPoll } from './longpoll-service.ts'
import type { Port } from './port.ts'
import { checkRole, only } from './realms.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'
import type { PortScope } from './site.ts'
import { readWebsocket, websocketKeys } from './websocket-service.ts'

type ServiceReader = (setting: Setting, place: string, scope: PortScope) => void

const services: ReadonlyMap<string, ServiceReader> = new Map([
  ['static', readStatic],
  ['websocket', readWebsocketService],
  ['longpoll', readLongPoll],
  ['path', readPath],
  ['caller', readBridge('call')],
  ['publisher', readBridge('publish')]
])

/** Reads `paths` of a web transport: services by one segment of the URL path, with `/` for the base path itself. `place` ends in a slash. */
export function readPaths (setting: Setting, place: string, scope: PortScope): void {
  for (const [name, service] of setting.map()) {
    if (!/^(?:[\w-]+|\/)$/.test(name)) service.fail('must be at "/", or at letters, digits, "_" and "-"')
    const type = service.member('type')
    const read = services.get(type.string())
    if (read === undefined) warnOf(service, type)
    else read(service, name === '/' ? place : `${place}${name}/`, scope)
  }
}

/** Warns about a service of an unsupported type, which may be misspelt. */
function warnOf (service: Setting, type: Setting): void {
  const meant = closest(type.string(), services.keys())
  if (meant === null) service.warn('is not supported')
  else type.warn(`is not supported: did you mean "${meant}"?`)
}

function readPath (setting: Setting, place: string, scope: PortScope): void {
  readPaths(setting.record({ served: ['type', 'paths'], silent: ['id'] }).get('paths'), place, scope)
}

/** The HTTP bridge: calls or publications by POST, with one role. */
function readBridge (what: 'call' | 'publish'): ServiceReader {
  return (setting, place, { port, reach }) => {
    const service = setting.record({ served: ['type', 'realm', 'role', 'options'], silent: ['id'] })
    const [realm, role] = [service.get('realm').text(), service.get('role').text()]
    checkRole(service.get('role'), role, only(service.get('realm'), realm, reach))
    const options = service.find('options')
    const { signature, allowedNetworks } = options === undefined ? {} : readBridgeOptions(options, port)
    const path = place === '/' ? place : place.slice(0, -1)
    port.serveBridge({ [what]: path, as: { realm, role }, ...present({ signature, allowedNetworks }) }, path, setting)
  }
}

function readBridgeOptions (setting: Setting, { https }: Port): Pick<BridgeOptions, 'signature' | 'allowedNetworks'> {
  const options = setting.record({
    served: ['key', 'secret', 'timestamp_delta_limit', 'require_tls', 'require_ip'], unserved: ['post_body_limit'], silent: ['debug']
  })
  if (https === null && options.find('require_tls')?.flag() === true) options.get('require_tls').fail('must not be true for a port without TLS: no request could be served')
  const allowedNetworks = options.find('require_ip')?.list().map(readNetwork)
  const tolerance = options.find('timestamp_delta_limit')?.integer(1)
  if (options.find('key') === undefined && options.find('secret') === undefined) return present({ allowedNetworks })
  return present({ allowedNetworks, signature: { key: options.get('key').text(), secret: options.get('secret').text(), ...present({ tolerance }) } })
}

/** An address, or a network with a prefix length or, for IPv4, a netmask. */
function readNetwork (setting: Setting): string {
  const [address = '', length = '', ...more] = setting.text().split('/')
  const network = [address, ...(length === '' ? [] : [prefixOf(length)]), ...more].join('/')
  return isNetwork(network) ? network : setting.fail('must be an IP address, or a network such as "192.168.1.0/24"')
}

/** The prefix length of a netmask such as 255.255.255.0; other text as it is. */
function prefixOf (length: string): string {
  if (isIP(length) !== 4) return length
  const bits = length.split('.').map((octet) => Number(octet).toString(2).padStart(8, '0')).join('')
  return /^1*0*$/.test(bits) ? String(bits.replaceAll('0', '').length) : length
}

function readWebsocketService (setting: Setting, place: string, scope: PortScope): void {
  const websocket = setting.record({ served: websocketKeys, silent: ['id', 'debug', 'url'] })
  readWebsocket(setting, websocket, place === '/' ? place : place.slice(0, -1), scope)
}

function readStatic (setting: Setting, place: string, { port, directory }: PortScope): void {
  const files = setting.record({ served: ['type', 'directory', 'package', 'resource', 'options'], silent: ['id'] })
  files.find('options')?.record({ served: [], unserved: ['enable_directory_listing', 'mime_types', 'cache_timeout', 'default_file'] })
  if (files.find('package') !== undefined) return setting.warn('is not supported: only a "directory" can be')
  const folder = files.get('directory')
  port.serveFiles({ root: resolve(directory, folder.text()), prefix: place }, setting, folder)
}
