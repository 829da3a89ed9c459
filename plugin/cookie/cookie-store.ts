import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'

/** How long something that is stored counts. */
interface Lifetime {
  /** When it began, in milliseconds since 1970. */
  readonly created: number
  /** How long it counts, in seconds from `created`. */
  readonly maxAge: number
}

/** A login: who somebody proved to be. It is written once, and counts until it is deleted. */
export interface LoginRecord extends Lifetime {
  /** Who has logged in. */
  readonly authid: string
  /** The role then. */
  readonly authrole: string
  /** The method that the identity was proven by; never `cookie`. */
  readonly authmethod: string
  /** The configured method that the login was made by; null for `reply.wampSignIn`. @default authmethod */
  readonly method?: string | null
  /** The path of the endpoint that the login was made at. @default unknown, as with `reply.wampSignIn` */
  readonly endpoint?: string
  /** The realm that it was in. */
  readonly authrealm: Uri
  /** What the authenticator gave for WELCOME.Details.authextra. */
  readonly authextra?: Dict
  /** The browser that logged in: its User-Agent, shortened, and its address. */
  readonly userAgent?: string
  /** The address that it came from. */
  readonly address?: string
}

/** A cookie that leads to a login: worth nothing without it. A mere visitor's cookie has no record. */
export interface CookieRecord extends Lifetime {
  /** The key of the login. */
  readonly login: string
  /** The key of the older cookie in whose place it was handed out, until the browser first comes with this one. */
  readonly replaces?: string
  /** The key of the newer cookie that was handed out in place of this one. */
  readonly replacement?: string
  /** When that was, or when the browser first came with the newer one; in milliseconds since 1970. */
  readonly replaced?: number
}

/** When a login was used last. */
export interface UseRecord extends Lifetime {
  /** The key of the login. */
  readonly used: string
  /** In milliseconds since 1970. */
  readonly lastSeen: number
}

/** What a store keeps: to the store, an object that JSON can carry. */
export type StoredRecord = LoginRecord | CookieRecord | UseRecord

/**
 * Where cookies and logins are kept. Keys are 64 hex digits; a cookie's is the SHA-256 of its value: no store ever sees a
 * value. Every method may be asynchronous. A method that throws or rejects means "cannot tell", never "unknown".
 */
export interface CookieStore {
  /** The record of a key, or undefined. It may be expired: the tracker looks. */
  get (key: string): StoredRecord | undefined | Promise<StoredRecord | undefined>
  /** Stores a record. When this returns (or its promise is fulfilled), a persistent store has it on disk. */
  set (key: string, record: StoredRecord): void | Promise<void>
  /** Forgets a record; an unknown key is no error. Durable in the same way as `set`. */
  delete (key: string): void | Promise<void>
  /** All records. Those added or deleted meanwhile may or may not be among them. */
  entries (): Iterable<[key: string, record: StoredRecord]> | AsyncIterable<[key: string, record: StoredRecord]>
  /** Writes what is pending and lets go of files and timers. Nothing is called afterwards. */
  close (): void | Promise<void>
}

/** True if a record no longer counts at a time (milliseconds since 1970). */
export function isExpired ({ created, maxAge }: Lifetime, now: number): boolean {
  return now >= created + maxAge * 1000
}
