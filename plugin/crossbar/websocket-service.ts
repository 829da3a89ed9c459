import type { AuthOptions } from '../auth-options.ts'
import type { EndpointOptions } from '../options.ts'
import { readAuth } from './auth.ts'
import { readCookie } from './cookie.ts'
import { checkAnonymous } from './realms.ts'
import type { Reach } from './realms.ts'
import { readSerializers } from './serializers.ts'
import { present } from './setting.ts'
import type { Setting, Settings } from './setting.ts'
import type { PortScope } from './site.ts'
import { tuning } from './websocket-tuning.ts'

/** The common settings of a WebSocket service and a WebSocket transport. */
export const websocketKeys = ['type', 'serializers', 'options', 'auth', 'cookie'] as const
type WebsocketSettings = Settings<typeof websocketKeys[number]>
type OptionSettings = Settings<'allowed_origins' | 'allow_null_origin' | 'max_message_size' | 'require_websocket_subprotocol'>

const ANY = '*'
const MOST_BYTES = 64 * 2 ** 20

/** Reads a WebSocket service at a URL path. */
export function readWebsocket (setting: Setting, websocket: WebsocketSettings, path: string, { site, port, directory, reach }: PortScope): void {
  const auth = readLogins(setting, websocket, reach)
  const options = websocket.find('options')
  const tuned = options && readOptions(options)
  const size = tuned?.find('max_message_size')
  if (size !== undefined) site.limitMessages(size.integer(1, MOST_BYTES), size)

  const cookie = websocket.find('cookie')
  const tracking = cookie && readCookie(cookie, directory)
  if (cookie !== undefined && tracking !== undefined) site.trackBy(tracking, cookie)

  const endpoint: EndpointOptions = present({
    auth, cookie: tracking, serializers: readSerializers(websocket.find('serializers')), allowedOrigins: readOrigins(tuned, auth?.cookie !== undefined)
  })
  site.addLogins({ ...endpoint, path }, setting)
  port.serveWebsocket({ ...endpoint, path }, setting)
}

function readLogins (setting: Setting, websocket: WebsocketSettings, reach: Reach): AuthOptions | undefined {
  const given = websocket.find('auth')
  const auth = given && readAuth(given, reach)
  if (auth === undefined) checkAnonymous(setting, reach)
  if (auth?.cookie !== undefined && websocket.find('cookie') === undefined) given?.member('cookie').fail('requires "cookie" in addition to "auth"')
  return auth
}

function readOptions (setting: Setting): OptionSettings {
  for (const [name, option] of setting.map()) tuning.get(name)?.(option)
  const options = setting.record({
    served: ['allowed_origins', 'allow_null_origin', 'max_message_size', 'require_websocket_subprotocol'], unserved: [...tuning.keys()]
  })
  const strict = options.find('require_websocket_subprotocol')
  if (strict?.flag() === false) strict.warn('has no equivalent: a client must offer a subprotocol')
  return options
}

/**
 * Without a setting, any page may connect, as in Crossbar.io. This does not apply to cookie logins: browsers send cookies for pages of any
 * origin, and such a page would act as the user. In this case only origins that are listed by name are allowed.
 */
function readOrigins (options: OptionSettings | undefined, cookieLogin: boolean): readonly string[] | undefined {
  const setting = options?.find('allowed_origins')
  const written = setting?.list().map(readOrigin) ?? [ANY]
  const origins = cookieLogin ? written.filter((origin) => origin !== ANY) : written
  if (origins.length < written.length) {
    setting?.warn('is ignored: with logins by cookie, "*" would let any page act as your users; list the origins of your pages')
  }
  const nullOrigin = options?.find('allow_null_origin')
  const nullAllowed = nullOrigin?.flag()
  if (origins.includes(ANY)) {
    if (nullAllowed === false) nullOrigin?.fail('must not be false where any origin is allowed: list "allowed_origins"')
  } else if (nullAllowed === true) nullOrigin?.warn('is ignored: a page without an origin may not connect')
  return origins.length > 0 ? origins : undefined
}

function readOrigin (setting: Setting): string {
  const origin = setting.text()
  if (origin === ANY || /^[a-z][a-z0-9+.-]*:\/\/[^/*]+$/.test(origin)) return origin
  return setting.fail('must be "*" or a full origin such as "https://app.example": patterns are not supported')
}
