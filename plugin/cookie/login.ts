import type { CookieRecord, LoginRecord } from './cookie-store.ts'

/** A login that cookies refer to. */
export interface Login {
  readonly key: string
  readonly record: LoginRecord
  /** The known keys of its cookies. */
  readonly cookies: readonly string[]
}

/** A login, and the cookie by which it was found. */
export interface FoundLogin extends Login {
  readonly cookie: { readonly key: string, readonly record: CookieRecord }
}

/** The outcome of a logout: if the store fails, the login has ended in this process only, and its deletion is retried. */
export type Deletion = 'is deleted' | 'is not deleted'
