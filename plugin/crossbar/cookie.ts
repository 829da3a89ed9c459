import { resolve } from 'node:path'
import type { CookieOptions, DatabaseStoreOptions, FileStoreOptions, MemoryStoreOptions } from '../cookie-options.ts'
import { present } from './setting.ts'
import type { Setting, Settings } from './setting.ts'

/** The options of the tracking cookie, with the options of a built-in store. */
export interface CookieSettings extends CookieOptions {
  name: string
  store?: MemoryStoreOptions | FileStoreOptions | DatabaseStoreOptions
}

/** Crossbar.io's default name of the cookie. */
const NAME = 'cbtid'
/** The minimum length of the secret part. Crossbar.io allows 6, which can be guessed. */
const LEAST_LENGTH = 22
/** Crossbar.io's default: ten years of 360 days. */
const MOST_SECONDS = 10 * 360 * 86_400

const sameSites = { Strict: 'strict', Lax: 'lax', None: 'none' } as const

/** Reads `cookie` of a WebSocket service. Missing settings get this router's defaults, which are stricter. */
export function readCookie (setting: Setting, directory: string): CookieSettings {
  const cookie = setting.record({ served: ['name', 'length', 'max_age', 'store', 'secure', 'http_strict', 'same_site'] })
  const store = cookie.find('store')
  const sameSite = cookie.find('same_site')?.oneOf(['Strict', 'Lax', 'None'])
  const secure = cookie.find('secure')?.flag()
  // Browsers reject such a cookie, so logins would not be restored.
  if (sameSite === 'None' && secure !== true) cookie.get('same_site').fail('must not be "None" unless "secure" is true')
  return {
    name: readName(cookie),
    ...present({
      length: readLength(cookie),
      maxAge: cookie.find('max_age')?.integer(1, MOST_SECONDS),
      store: store && readStore(store, directory),
      secure,
      httpOnly: cookie.find('http_strict')?.flag(),
      sameSite: sameSite && sameSites[sameSite]
    })
  }
}

/** The name is always set, because it distinguishes the cookies of several services. */
function readName (cookie: Settings<'name'>): string {
  const setting = cookie.find('name')
  if (setting === undefined) return NAME
  const name = setting.text()
  return /^[a-z][a-z0-9_]+$/.test(name) ? name : setting.fail('must be a lower-case letter, then lower-case letters, digits and "_"')
}

function readLength (cookie: Settings<'length'>): number | undefined {
  const setting = cookie.find('length')
  const length = setting?.integer(6, 64)
  if (length === undefined || length >= LEAST_LENGTH) return length
  setting?.warn(`is too short to be safe: ${LEAST_LENGTH} is used`)
  return LEAST_LENGTH
}

function readStore (setting: Setting, directory: string): NonNullable<CookieSettings['store']> {
  const type = setting.member('type').oneOf(['memory', 'file', 'database'])
  if (type === 'database') return readDatabase(setting, directory)
  if (type === 'memory') {
    setting.record({ served: ['type'] })
    return { type }
  }
  const store = setting.record({ served: ['type', 'filename', 'purge_on_startup'] })
  return {
    type,
    filename: resolve(directory, store.get('filename').text()),
    ...present({ purgeOnStartup: store.find('purge_on_startup')?.flag() })
  }
}

/** Crossbar.io's own database has another format. This database is created next to it and is initially empty. */
function readDatabase (setting: Setting, directory: string): DatabaseStoreOptions {
  const store = setting.record({ served: ['type', 'path', 'purge_on_startup', 'maxsize', 'readonly', 'sync'] })
  setting.warn('is replaced by a new LMDB database: the logins of Crossbar.io are not imported, so users must log in again ' +
    'unless you export them (see docs/crossbar.md)')
  return {
    type: 'database',
    path: `${resolve(directory, store.get('path').text())}.lmdb`,
    ...present({
      maxSize: store.find('maxsize')?.integer(131_072, 137_438_953_472),
      readonly: store.find('readonly')?.flag(),
      sync: store.find('sync')?.flag(),
      purgeOnStartup: store.find('purge_on_startup')?.flag()
    })
  }
}
