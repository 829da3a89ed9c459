import type { MethodType } from '../auth/method-type.ts'
import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'

/** The validity period of a stored record. */
interface Lifetime {
  /** The time of creation, in milliseconds since 1970. */
  readonly created: number
  /** The lifetime in seconds, from `created`. */
  readonly maxAge: number
}

/** A login: the identity that a user proved. It is written once, and is valid until it is deleted. */
export interface LoginRecord extends Lifetime {
  /** The name of the user. */
  readonly authid: string
  /** The role at the time of the login. */
  readonly authrole: string
  /** The method that proved the identity; never `cookie`. */
  readonly authmethod: string
  /** The configured method of the login; null for `reply.wampSignIn`. @default the value of authmethod */
  readonly method?: string | null
  /** The type of the configured method, such as `static`. @default unknown, as for `reply.wampSignIn` */
  readonly type?: MethodType
  /** The path of the endpoint of the login. @default unknown, as for `reply.wampSignIn` */
  readonly endpoint?: string
  /** The realm of the login. */
  readonly authrealm: Uri
  /** The authenticator's value for WELCOME.Details.authextra. */
  readonly authextra?: Dict
  /** The User-Agent of the browser that logged in, shortened. */
  readonly userAgent?: string
  /** The address of the browser. */
  readonly address?: string
}

/** A cookie that refers to a login. It is invalid without the login. Visitors who have not logged in have no record. */
export interface CookieRecord extends Lifetime {
  /** The key of the login. */
  readonly login: string
  /** The key of the older cookie that this one replaces, until the browser first uses this one. */
  readonly replaces?: string
  /** The key of the newer cookie that replaces this one. */
  readonly replacement?: string
  /** The time of the replacement, or of the browser's first use of the newer cookie, in milliseconds since 1970. */
  readonly replaced?: number
}

/** The last use of a login. */
export interface UseRecord extends Lifetime {
  /** The key of the login. */
  readonly used: string
  /** The time of the last use, in milliseconds since 1970. */
  readonly lastSeen: number
}

/** A record of a store. It can be serialized as JSON. */
export type StoredRecord = LoginRecord | CookieRecord | UseRecord

/**
 * A store of cookies and logins. Keys are 64 hex digits. The key of a cookie is the SHA-256 of its value, so stores never see values.
 * Every method may be asynchronous. If a store cannot answer, it throws or rejects; this never means that a key is unknown.
 */
export interface CookieStore {
  /** Returns the record of a key, or undefined. It may return an expired record; the tracker checks this. */
  get (key: string): StoredRecord | undefined | Promise<StoredRecord | undefined>
  /** Stores a record. When this returns, or its promise is fulfilled, a persistent store has written it to disk. */
  set (key: string, record: StoredRecord): void | Promise<void>
  /** Deletes a record. An unknown key is not an error. The deletion is as durable as `set`. */
  delete (key: string): void | Promise<void>
  /** Iterates over all records. Records added or deleted during the iteration may or may not be included. */
  entries (): Iterable<[key: string, record: StoredRecord]> | AsyncIterable<[key: string, record: StoredRecord]>
  /** Writes pending data and releases files and timers. No method is called afterwards. */
  close (): void | Promise<void>
}

/** True if a record has expired at this time, in milliseconds since 1970. */
export function isExpired ({ created, maxAge }: Lifetime, now: number): boolean {
  return now >= created + maxAge * 1000
}
