import type { Authenticator } from './auth/authenticator.ts'
import type { LoginRecord } from './cookie/cookie-store.ts'
import type { Uri } from './protocol/uri.ts'

/** Anonymous sessions. */
export interface AnonymousOptions {
  type: 'static'
  /** The role of the sessions. @default 'anonymous' */
  role?: string
  /** The authid of the sessions. @default a stable pseudonym if cookies are tracked, otherwise a random string */
  authid?: string
  /** The realm to join. @default the realm that the client requests */
  realm?: Uri
}

/** Tickets: passwords that are sent in the clear. Use them only over TLS. */
export interface TicketOptions {
  type: 'static'
  /** The principals, by authid. */
  principals: Readonly<Record<string, { ticket: string, role: string, realm?: Uri }>>
}

/** A user for WAMP-CRA. */
export interface WampCraUser {
  /** The shared secret. With `salt`, the derived key in Base64, unless `secretIsPlain` is set. */
  secret: string
  /** The role of the user. */
  role: string
  /** The realm to join. @default the realm that the client requests */
  realm?: Uri
  /** The salt with which the client derives its key from the password, by PBKDF2. */
  salt?: string
  /** The rounds of PBKDF2. @default 1000 */
  iterations?: number
  /** The length of the derived key in bytes. @default 32 */
  keylen?: number
  /** With `salt`: `secret` is the password itself, and the key is derived at startup. @default false */
  secretIsPlain?: boolean
}

/** WAMP challenge-response authentication. */
export interface WampCraOptions {
  type: 'static'
  /** The users, by authid. */
  users: Readonly<Record<string, WampCraUser>>
}

/** The data that the router stores for a password, created by `scramCredentials`. It verifies the password, which cannot be derived from it. */
export interface ScramCredentials {
  /** The key derivation function of the clients: PBKDF2 with SHA-256, or Argon2id 1.3. */
  kdf: 'pbkdf2' | 'argon2id13'
  /** The salt, in Base64. */
  salt: string
  /** The cost of the derivation: passes of Argon2id or rounds of PBKDF2. */
  iterations: number
  /** The memory in KiB; only with `argon2id13`. */
  memory?: number
  /** The stored key: 32 bytes in Base64. */
  storedKey: string
  /** The server key: 32 bytes in Base64. */
  serverKey: string
}

/** A user for WAMP-SCRAM. */
export interface WampScramPrincipal extends ScramCredentials {
  /** The role of the principal. */
  role: string
  /** The realm to join. @default the realm that the client requests */
  realm?: Uri
}

/** WAMP-SCRAM: neither the network nor the router sees the passwords. */
export interface WampScramOptions {
  type: 'static'
  /** The users, by authid. */
  principals: Readonly<Record<string, WampScramPrincipal>>
}

/** A principal for cryptosign. */
export interface CryptosignPrincipal {
  /** The public keys of the principal: Ed25519, 32 bytes, in hex. */
  authorizedKeys: readonly string[]
  /** The role of the principal. */
  role: string
  /** The realm to join. @default the realm that the client requests */
  realm?: Uri
}

/** Public keys: the client signs a challenge. */
export interface CryptosignOptions {
  type: 'static'
  /** The principals, by authid. */
  principals: Readonly<Record<string, CryptosignPrincipal>>
  /**
   * The router's own key, which proves its identity to clients that request it: the seed of an Ed25519 private key,
   * 32 bytes in hex. @default none
   */
  privateKey?: string
}

/** A principal for `tls`. Set at least one fingerprint of its certificate. All fingerprints that are set must match. */
export interface TlsPrincipal {
  /** The SHA-1 fingerprint in hex, with or without colons. Supported for compatibility with Crossbar.io. */
  certificateSha1?: string
  /** The SHA-256 fingerprint in hex, with or without colons. */
  certificateSha256?: string
  /** The role of the principal. */
  role: string
  /** The realm to join. @default the realm that the client requests */
  realm?: Uri
}

/** TLS client certificates. TLS must terminate in this process, in a server that requests and verifies them. */
export interface TlsOptions {
  type: 'static'
  /** The principals, by authid. */
  principals: Readonly<Record<string, TlsPrincipal>>
}

/** A method whose proofs are verified by a function of the app. */
export interface FunctionAuthOptions {
  type: 'function'
  /** The function that verifies a login. */
  authenticator: Authenticator
}

/** A method whose users are looked up by a WAMP procedure. It is called with `(realm, authid, details)`, as in Crossbar.io. */
export interface DynamicAuthOptions {
  type: 'dynamic'
  /** The URI of the procedure. */
  authenticator: Uri
  /** The realm of the procedure. @default the realm that the client requests */
  authenticatorRealm?: Uri
  /** The role of the caller, which must have the permission to call it. @default 'trusted', which may do everything */
  authenticatorRole?: string
  /** The role if the procedure returns none. @default none, so the procedure must return a role */
  defaultRole?: string
}

/** Logins by cookie. Requires the option `cookie`. */
export interface CookieAuthOptions {
  /**
   * Decides whether a stored login is still valid, if its method is configured here. It replaces the default check, which requires that a
   * statically configured user still exists, and applies the user's current role. The login is rejected if the check
   * rejects or takes longer than `handshakeTimeout` (while the app closes, `shutdownTimeout`).
   */
  verify?: (record: LoginRecord) => boolean | { authrole: string } | Promise<boolean | { authrole: string }>
}

/** The authentication methods. */
export interface AuthOptions {
  /** Any client, without a proof. */
  anonymous?: AnonymousOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A ticket: a shared secret that is sent in the clear [advanced, Ticket-based Authentication]. */
  ticket?: TicketOptions | DynamicAuthOptions | FunctionAuthOptions
  /** Challenge and response with a shared secret [advanced, Challenge Response Authentication]. */
  wampcra?: WampCraOptions | DynamicAuthOptions | FunctionAuthOptions
  /** Challenge and response with a salted password, WAMP-SCRAM [advanced, Salted Challenge Response]. */
  'wamp-scram'?: WampScramOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A signature with an Ed25519 private key [advanced, Cryptosign-based Authentication]. */
  cryptosign?: CryptosignOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A client certificate, if TLS terminates in this process. */
  tls?: TlsOptions | DynamicAuthOptions | FunctionAuthOptions
  /** The login of the browser's cookie. */
  cookie?: CookieAuthOptions
  /** A custom method, by its name in HELLO.Details.authmethods. */
  [authmethod: string]: AnonymousOptions | TicketOptions | WampCraOptions | WampScramOptions | CryptosignOptions | TlsOptions | DynamicAuthOptions | FunctionAuthOptions | CookieAuthOptions | undefined
}
