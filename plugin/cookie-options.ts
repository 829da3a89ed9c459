import type { CookieStore } from './cookie/cookie-store.ts'
import type { KeyvLike } from './cookie/keyv-storage.ts'

/** Stores logins in memory. They end with the process. */
export interface MemoryStoreOptions { type: 'memory' }
/** Stores logins in a file, for one process at a time. */
export interface FileStoreOptions {
  type: 'file'
  /** The path of the file, relative to the process's working directory. */
  filename: string
  /** Removes expired records when the file is opened. @default false */
  purgeOnStartup?: boolean
}

/** Stores logins in an LMDB database, with the package `lmdb`, which the app installs. Processes on one machine can share it. */
export interface DatabaseStoreOptions {
  type: 'database'
  /** The path of a directory, or of a file if it has an extension, relative to the process's working directory. */
  path: string
  /**
   * The maximum size of the records in bytes, 131072 to 137438953472. Above it, logins are not stored. The file may be
   * a few pages larger. @default 1073741824
   */
  maxSize?: number
  /** Opens the database for reading: stored logins are valid, but new ones are not stored, and logouts do not delete them. @default false */
  readonly?: boolean
  /** Waits until each login is on disk. @default true */
  sync?: boolean
  /** Removes expired records when the database is opened. @default false */
  purgeOnStartup?: boolean
}

/** The options of the tracking cookie. */
export interface CookieOptions {
  /** The options of a built-in store, a Keyv instance, or your own store. @default { type: 'memory' } */
  store?: MemoryStoreOptions | FileStoreOptions | DatabaseStoreOptions | CookieStore | KeyvLike
  /** The name of the cookie. @default 'cbtid' */
  name?: string
  /** The number of characters in the secret part, 22 to 64. @default 24, which is 144 bits */
  length?: number
  /** The lifetime of a login in seconds, which the server also enforces. @default 604800, 7 days */
  maxAge?: number
  /** The attribute Secure. `auto` sets it if the request arrived over HTTPS. @default 'auto' */
  secure?: boolean | 'auto'
  /** Hides the cookie from scripts. @default true */
  httpOnly?: boolean
  /** The attribute SameSite. @default 'lax' */
  sameSite?: 'strict' | 'lax' | 'none'
  /**
   * Makes browsers store the cookie separately for each site that embeds the app's pages (CHIPS). Requires `secure: true`.
   * @default false
   */
  partitioned?: boolean
  /** The path to which browsers send the cookie. @default '/' */
  path?: string
  /** Ends a login after this many seconds without use; 0 for never. Open connections count as use. @default 0 */
  idleTimeout?: number
  /** Sends a browser a new cookie when it reconnects with one older than this many seconds; 0 for never. @default 0 */
  rotateAfter?: number
  /**
   * Signs the cookie's values. Unsigned values are not looked up. If there are several secrets, the first one signs and all are
   * accepted. Cookies signed with an older secret are re-signed. Each secret has 32 or more characters. @default [], not signed
   */
  secret?: string | readonly string[]
  /** The interval in seconds for checking whether a store shared with other processes still has the logins of open sessions. @default 60 */
  recheck?: number
}
