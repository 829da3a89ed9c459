import { resolve } from 'node:path'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import { readAuth } from './auth.ts'
import { checkAnonymous } from './realms.ts'
import { readSerializers } from './serializers.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'
import type { Scope } from './site.ts'
import { readTcp } from './tcp-endpoint.ts'

/** The methods by which only proxy workers log in. */
const ofProxies = /-proxy$/

/** Reads a RawSocket transport. One for proxy workers is not served, because they are part of this router. */
export function readRawSocketTransport (setting: Setting, scope: Scope): void {
  const transport = setting.record({ served: ['type', 'endpoint', 'serializers', 'auth', 'max_message_size'], silent: ['id', 'debug', 'url'], unserved: ['options'] })
  const methods = [...transport.find('auth')?.map().keys() ?? []]
  if (methods.some((method) => ofProxies.test(method))) return setting.warn('is not served: proxy workers are part of this router')
  transport.find('max_message_size')?.warn('is ignored: there is one limit for all messages, that of WebSocket')
  const given = transport.find('auth')
  const auth = given && readAuth(given, scope.reach)
  if (auth?.cookie !== undefined) return given!.member('cookie').fail('is not possible over RawSocket, which has no cookies')
  if (auth === undefined) checkAnonymous(setting, scope.reach)
  const address = readAddress(transport.get('endpoint'), scope)
  scope.site.addRawSocket(present({ ...address, auth, serializers: readSerializers(transport.find('serializers')) }), setting)
}

function readAddress (setting: Setting, scope: Scope): Pick<RawSocketOptions, 'host' | 'port' | 'path' | 'tls'> {
  if (setting.member('type').string() !== 'unix') {
    const { listen, https } = readTcp(setting, scope)
    return { ...listen, ...(https === null ? {} : { tls: https }) }
  }
  const endpoint = setting.record({ served: ['type', 'path'], unserved: ['backlog', 'user'] })
  return { path: resolve(scope.directory, endpoint.get('path').text()) }
}
