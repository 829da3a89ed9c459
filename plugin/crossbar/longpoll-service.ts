import type { LongPollOptions } from '../longpoll-options.ts'
import { checkAnonymous } from './realms.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'
import type { PortScope } from './site.ts'

/** Reads a long-poll service at a URL path. As in Crossbar.io, its clients join anonymously, and pages of any origin may use it. */
export function readLongPoll (setting: Setting, place: string, { port, reach }: PortScope): void {
  for (const key of ['auth', 'cookie']) setting.map().get(key)?.fail('is unknown: as in Crossbar.io, long-poll clients are anonymous. For logins, use wampLongPoll in an app')
  const service = setting.record({ served: ['type', 'options'], silent: ['id'] })
  if (place === '/') setting.fail('must be at a path other than "/"')
  checkAnonymous(setting, reach)
  const options = service.find('options')?.record({
    served: ['request_timeout', 'session_timeout'], unserved: ['queue_limit_bytes', 'queue_limit_messages', 'debug_transport_id'], silent: ['debug']
  })
  const times = present({ requestTimeout: readSeconds(options?.find('request_timeout')), sessionTimeout: readSeconds(options?.find('session_timeout')) })
  const endpoint: LongPollOptions & { readonly path: string } = { path: place.slice(0, -1), allowedOrigins: ['*'], ...times }
  port.serveLongPoll(endpoint, setting)
}

/** Milliseconds; undefined for 0, which disables the timeout in Crossbar.io. */
function readSeconds (setting: Setting | undefined): number | undefined {
  const seconds = setting?.integer(0, 86_400)
  if (seconds === 0) setting!.warn('is ignored: there is always a timeout')
  return seconds === 0 || seconds === undefined ? undefined : seconds * 1000
}
