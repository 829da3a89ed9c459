import { resolve } from 'node:path'
import type { BridgeOptions } from '../options.ts'
import { checkRole, only } from './realms.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'
import type { Scope } from './site.ts'
import { readWebsocket, websocketKeys } from './websocket-service.ts'

type ServiceReader = (setting: Setting, place: string, scope: Scope) => void

const services: ReadonlyMap<string, ServiceReader> = new Map([
  ['static', readStatic],
  ['websocket', readWebsocketService],
  ['path', readPath],
  ['caller', readBridge('call')],
  ['publisher', readBridge('publish')]
])

/** Reads `paths` of a web transport: services by one segment of the URL path, with `/` for the base path itself. `place` ends in a slash. */
export function readPaths (setting: Setting, place: string, scope: Scope): void {
  for (const [name, service] of setting.map()) {
    if (!/^(?:[\w-]+|\/)$/.test(name)) service.fail('must be at "/", or at letters, digits, "_" and "-"')
    const read = services.get(service.member('type').string())
    if (read === undefined) service.warn('is not supported')
    else read(service, name === '/' ? place : `${place}${name}/`, scope)
  }
}

function readPath (setting: Setting, place: string, scope: Scope): void {
  readPaths(setting.record({ served: ['type', 'paths'], silent: ['id'] }).get('paths'), place, scope)
}

/** The HTTP bridge: calls or publications by POST, with one role. */
function readBridge (what: 'call' | 'publish'): ServiceReader {
  return (setting, place, { site, reach }) => {
    const service = setting.record({ served: ['type', 'realm', 'role', 'options'], silent: ['id'] })
    const [realm, role] = [service.get('realm').text(), service.get('role').text()]
    checkRole(service.get('role'), role, only(service.get('realm'), realm, reach))
    const options = service.find('options')
    const signature = options === undefined ? undefined : readSignature(options)
    const path = place === '/' ? place : place.slice(0, -1)
    site.serveBridge({ [what]: path, as: { realm, role }, ...(signature === undefined ? {} : { signature }) }, path, setting)
  }
}

function readSignature (setting: Setting): BridgeOptions['signature'] {
  const options = setting.record({
    served: ['key', 'secret', 'timestamp_delta_limit', 'require_tls', 'require_ip'], unserved: ['post_body_limit'], silent: ['debug']
  })
  if (options.find('require_tls')?.flag() === true) options.get('require_tls').fail('is not supported: serve over TLS alone')
  options.find('require_ip')?.fail('is not supported: use a proxy or a firewall')
  const tolerance = options.find('timestamp_delta_limit')?.integer(1)
  if (options.find('key') === undefined && options.find('secret') === undefined) return undefined
  return { key: options.get('key').text(), secret: options.get('secret').text(), ...present({ tolerance }) }
}

function readWebsocketService (setting: Setting, place: string, scope: Scope): void {
  const websocket = setting.record({ served: websocketKeys, silent: ['id', 'debug', 'url'] })
  readWebsocket(setting, websocket, place === '/' ? place : place.slice(0, -1), scope)
}

function readStatic (setting: Setting, place: string, { site, directory }: Scope): void {
  const files = setting.record({ served: ['type', 'directory', 'package', 'resource', 'options'], silent: ['id'] })
  files.find('options')?.record({ served: [], unserved: ['enable_directory_listing', 'mime_types', 'cache_timeout', 'default_file'] })
  if (files.find('package') !== undefined) return setting.warn('is not supported: only a "directory" can be')
  const folder = files.get('directory')
  site.serveFiles({ root: resolve(directory, folder.text()), prefix: place }, setting, folder)
}
