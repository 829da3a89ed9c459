import type { CookieStore } from './cookie/cookie-store.ts'
import type { KeyvLike } from './cookie/keyv-storage.ts'

/** Cookies are kept in memory: they end with the process. */
export interface MemoryStoreOptions { type: 'memory' }
/** Cookies are kept in a file, one process at a time. */
export interface FileStoreOptions {
  type: 'file'
  /** Relative to the process's working directory. */
  filename: string
  /** Drops expired records from the file when it is opened. @default false */
  purgeOnStartup?: boolean
}

/** Cookies are kept in an LMDB database, by the package `lmdb`, which the app installs. Processes of one machine may share it. */
export interface DatabaseStoreOptions {
  type: 'database'
  /** A directory, or a file if it has an extension. Relative to the process's working directory. */
  path: string
  /**
   * Bytes of records that the database may hold, 131072 to 137438953472. Above it logins are not stored; the file may be
   * larger by a few pages. @default 1073741824
   */
  maxSize?: number
  /** Reads only: stored logins count, new ones are not stored, and logouts do not delete them. @default false */
  readonly?: boolean
  /** Waits until a login is on disk. @default true */
  sync?: boolean
  /** Drops expired records when it is opened. @default false */
  purgeOnStartup?: boolean
}

/** The tracking cookie. */
export interface CookieOptions {
  /** A store of your own, an instance of Keyv, or one that is described. @default { type: 'memory' } */
  store?: MemoryStoreOptions | FileStoreOptions | DatabaseStoreOptions | CookieStore | KeyvLike
  /** @default 'cbtid' */
  name?: string
  /** Characters of the secret part, 22 to 64. @default 24, which is 144 bits */
  length?: number
  /** Seconds that a login lasts, enforced by the server too. @default 604800, 7 days */
  maxAge?: number
  /** @default 'auto': set if the request came by https */
  secure?: boolean | 'auto'
  /** @default true */
  httpOnly?: boolean
  /** @default 'lax' */
  sameSite?: 'strict' | 'lax' | 'none'
  /**
   * Has the browser keep the cookie apart for each site that embeds the app's pages (CHIPS); with `secure: true` only.
   * @default false
   */
  partitioned?: boolean
  /** @default '/' */
  path?: string
  /** Seconds after which a login that nobody uses is over; 0 for never. An open connection uses it. @default 0 */
  idleTimeout?: number
  /** Seconds after which a browser that comes back is handed a newer cookie for its login; 0 for never. @default 0 */
  rotateAfter?: number
  /**
   * Signs the cookie's values: what is not signed is not looked up. Of several secrets, the first signs and all are
   * accepted; cookies signed by another than the first are signed anew. Each has 32 characters or more. @default [], not signed
   */
  secret?: string | readonly string[]
  /** Seconds between looks at whether a store shared with other processes still knows an open login. @default 60 */
  recheck?: number
}
