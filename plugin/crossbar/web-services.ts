import { resolve } from 'node:path'
import type { Setting } from './setting.ts'
import type { Scope } from './site.ts'
import { readWebsocket, websocketKeys } from './websocket-service.ts'

type ServiceReader = (setting: Setting, place: string, scope: Scope) => void

const services: ReadonlyMap<string, ServiceReader> = new Map([
  ['static', readStatic],
  ['websocket', readWebsocketService],
  ['path', readPath]
])

/**
 * Reads `paths` of a web transport: services by one component of the URL's path, with `/` for the place itself.
 * `place` ends in a slash.
 */
export function readPaths (setting: Setting, place: string, scope: Scope): void {
  for (const [name, service] of setting.map()) {
    if (!/^(?:[\w-]+|\/)$/.test(name)) service.fail('must be at "/", or at letters, digits, "_" and "-"')
    const read = services.get(service.member('type').string())
    if (read === undefined) service.warn('is not served')
    else read(service, name === '/' ? place : `${place}${name}/`, scope)
  }
}

function readPath (setting: Setting, place: string, scope: Scope): void {
  readPaths(setting.record({ served: ['type', 'paths'], silent: ['id'] }).get('paths'), place, scope)
}

function readWebsocketService (setting: Setting, place: string, scope: Scope): void {
  const websocket = setting.record({ served: websocketKeys, silent: ['id', 'debug', 'url'] })
  readWebsocket(setting, websocket, place === '/' ? place : place.slice(0, -1), scope)
}

function readStatic (setting: Setting, place: string, { site, directory }: Scope): void {
  const files = setting.record({ served: ['type', 'directory', 'package', 'resource', 'options'], silent: ['id'] })
  files.find('options')?.record({ served: [], unserved: ['enable_directory_listing', 'mime_types', 'cache_timeout', 'default_file'] })
  if (files.find('package') !== undefined) return setting.warn('is not served: only a "directory" can be')
  site.serveFiles({ root: resolve(directory, files.get('directory').text()), prefix: place }, setting)
}
