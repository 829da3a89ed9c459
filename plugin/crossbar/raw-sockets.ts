import { resolve } from 'node:path'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import { readAuth } from './auth.ts'
import { checkAnonymous } from './realms.ts'
import { readSerializers } from './serializers.ts'
import { present } from './setting.ts'
import type { Setting, Settings } from './setting.ts'
import type { PortScope, Scope } from './site.ts'
import { readTcp } from './tcp-endpoint.ts'

/** The methods by which only proxy workers log in. */
const ofProxies = /-proxy$/

/** The common settings of a RawSocket transport and the RawSocket part of a universal one. */
const served = ['serializers', 'auth', 'max_message_size'] as const
const silent = ['id', 'debug', 'url'] as const

/** Reads a RawSocket transport. One for proxy workers is not served, because they are part of this router. */
export function readRawSocketTransport (setting: Setting, scope: Scope): void {
  const transport = setting.record({ served: ['type', 'endpoint', ...served], silent, unserved: ['options'] })
  const options = readOptions(setting, transport, scope)
  if (options !== null) scope.site.addRawSocket({ ...readAddress(transport.get('endpoint'), scope), ...options }, setting)
}

/** Reads the RawSocket part of a universal transport. */
export function readSharedRawSocket (setting: Setting, scope: PortScope): void {
  const options = readOptions(setting, setting.record({ served, silent: [...silent, 'type'], unserved: ['options'] }), scope)
  if (options !== null) scope.port.shareRawSocket({ sharePort: true, ...options }, setting)
}

/** The options apart from the address; null if it is not served. */
function readOptions (setting: Setting, transport: Settings<typeof served[number]>, scope: Scope): Pick<RawSocketOptions, 'auth' | 'serializers'> | null {
  const methods = [...transport.find('auth')?.map().keys() ?? []]
  if (methods.some((method) => ofProxies.test(method))) {
    setting.warn('is not served: proxy workers are part of this router')
    return null
  }
  transport.find('max_message_size')?.warn('is ignored: there is one limit for all messages, that of WebSocket')
  const given = transport.find('auth')
  const auth = given && readAuth(given, scope.reach)
  if (auth?.cookie !== undefined) return given!.member('cookie').fail('is not possible over RawSocket, which has no cookies')
  if (auth === undefined) checkAnonymous(setting, scope.reach)
  return present({ auth, serializers: readSerializers(transport.find('serializers')) })
}

function readAddress (setting: Setting, scope: Scope): Pick<RawSocketOptions, 'host' | 'port' | 'path' | 'tls'> {
  if (setting.member('type').string() !== 'unix') {
    const { listen, https } = readTcp(setting, scope)
    return { ...listen, ...(https === null ? {} : { tls: https }) }
  }
  const endpoint = setting.record({ served: ['type', 'path'], unserved: ['backlog', 'user'] })
  return { path: resolve(scope.directory, endpoint.get('path').text()) }
}
