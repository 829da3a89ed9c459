import type { Dict } from '../protocol/message.ts'
import type { Uri } from '../protocol/uri.ts'

/** What is stored about one cookie. It exists since an identity was attached: a mere visitor has no record. */
export interface CookieRecord {
  /** When the cookie was bound, in milliseconds since 1970. */
  readonly created: number
  /** How long it counts, in seconds from `created`. */
  readonly maxAge: number
  readonly authid: string
  readonly authrole: string
  /** The method that the identity was proven by; never `cookie`. */
  readonly authmethod: string
  readonly authrealm: Uri
  /** What the authenticator gave for WELCOME.Details.authextra. */
  readonly authextra?: Dict
  /** The browser that logged in: its User-Agent, shortened, and its address. */
  readonly userAgent?: string
  readonly address?: string
  /** The keys of the login's other cookies: logging out forgets them together. */
  readonly siblings?: readonly string[]
}

/**
 * Where cookies are kept. The key is the SHA-256 of the cookie's whole value, in hex: no store ever sees a value.
 * Every method may be asynchronous. A method that throws or rejects means "cannot tell", never "unknown".
 */
export interface CookieStore {
  /** The record of a key, or undefined. It may be expired: the tracker looks. */
  get (key: string): CookieRecord | undefined | Promise<CookieRecord | undefined>
  /** Stores a record. When this returns (or its promise is fulfilled), a persistent store has it on disk. */
  set (key: string, record: CookieRecord): void | Promise<void>
  /** Forgets a record; an unknown key is no error. Durable in the same way as `set`. */
  delete (key: string): void | Promise<void>
  /** All records. Those added or deleted meanwhile may or may not be among them. */
  entries (): Iterable<[key: string, record: CookieRecord]> | AsyncIterable<[key: string, record: CookieRecord]>
  /** Writes what is pending and lets go of files and timers. Nothing is called afterwards. */
  close (): void | Promise<void>
}

/** True if a record no longer counts at a time (milliseconds since 1970). */
export function isExpired ({ created, maxAge }: Pick<CookieRecord, 'created' | 'maxAge'>, now: number): boolean {
  return now >= created + maxAge * 1000
}
