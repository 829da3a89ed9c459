import type { Authenticator } from './auth/authenticator.ts'
import type { LoginRecord } from './cookie/cookie-store.ts'
import type { Uri } from './protocol/uri.ts'

/** Anonymous sessions. */
export interface AnonymousOptions {
  type: 'static'
  /** @default 'anonymous' */
  role?: string
  /** @default a stable pseudonym where cookies are tracked, else a random string */
  authid?: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** Tickets: passwords that are sent as they are. Use them over TLS only. */
export interface TicketOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, { ticket: string, role: string, realm?: Uri }>>
}

/** A user of WAMP-CRA. */
export interface WampCraUser {
  /** The shared secret; with `salt` the derived key (Base64), unless `secretIsPlain`. */
  secret: string
  /** The role that the user gets. */
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
  /** Makes the client derive its key from the password by PBKDF2. */
  salt?: string
  /** @default 1000 */
  iterations?: number
  /** Octets. @default 32 */
  keylen?: number
  /** With `salt`: `secret` is the password itself, and the key is derived at start. @default false */
  secretIsPlain?: boolean
}

/** WAMP challenge-response authentication. */
export interface WampCraOptions {
  type: 'static'
  /** The users by authid. */
  users: Readonly<Record<string, WampCraUser>>
}

/** What the router keeps of a password: it can check who knows it, and cannot be turned back. `scramCredentials` makes it. */
export interface ScramCredentials {
  /** How clients derive their key: PBKDF2 with SHA-256, or Argon2id 1.3. */
  kdf: 'pbkdf2' | 'argon2id13'
  /** Base64. */
  salt: string
  /** The cost of the derivation: passes of Argon2id, or rounds of PBKDF2. */
  iterations: number
  /** KiB; with `argon2id13` alone. */
  memory?: number
  /** 32 octets in Base64. */
  storedKey: string
  /** 32 octets in Base64. */
  serverKey: string
}

/** A user of WAMP-SCRAM. */
export interface WampScramPrincipal extends ScramCredentials {
  /** The role that the principal gets. */
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** WAMP-SCRAM: passwords that neither the wire nor the router ever has. */
export interface WampScramOptions {
  type: 'static'
  /** The users by authid. */
  principals: Readonly<Record<string, WampScramPrincipal>>
}

/** A principal of cryptosign. */
export interface CryptosignPrincipal {
  /** The public keys by which it may log in: Ed25519, 32 octets, in hex. */
  authorizedKeys: readonly string[]
  /** The role that the principal gets. */
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** Public keys: the client signs a challenge. */
export interface CryptosignOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, CryptosignPrincipal>>
  /**
   * The router's own key, by which it proves itself to clients that ask: the 32 octets of an Ed25519 private key, its
   * seed, in hex. @default it does not
   */
  privateKey?: string
}

/** A principal of `tls`: one of the fingerprints of its certificate must be given, and what is given must fit. */
export interface TlsPrincipal {
  /** Hex, with or without colons. SHA-1 is there for the sake of Crossbar.io. */
  certificateSha1?: string
  /** Hex, with or without colons. */
  certificateSha256?: string
  /** The role that the principal gets. */
  role: string
  /** @default the realm that the client asks for */
  realm?: Uri
}

/** TLS client certificates. TLS must end in this process, with a server that asks for them and verifies them. */
export interface TlsOptions {
  type: 'static'
  /** The principals by authid. */
  principals: Readonly<Record<string, TlsPrincipal>>
}

/** A method whose proof is checked by a function of the app. */
export interface FunctionAuthOptions {
  type: 'function'
  /** Decides who comes in. */
  authenticator: Authenticator
}

/** A method whose users a WAMP procedure knows. It is called with `(realm, authid, details)`, as in Crossbar.io. */
export interface DynamicAuthOptions {
  type: 'dynamic'
  /** The procedure. */
  authenticator: Uri
  /** The realm in which it is called. @default the realm that the client asks for */
  authenticatorRealm?: Uri
  /** The role in whose name it is called, which must be allowed to. @default 'trusted', which may do everything */
  authenticatorRole?: string
  /** The role of who is let in without one. @default none: then the procedure must name a role */
  defaultRole?: string
}

/** Logins by cookie; needs `cookie` to be configured. */
export interface CookieAuthOptions {
  /**
   * Decides whether a stored login still counts, if its method is configured here. It replaces the default check, by which a user that is configured
   * statically must still exist and is given the role of today.
   */
  verify?: (record: LoginRecord) => boolean | { authrole: string } | Promise<boolean | { authrole: string }>
}

/** The methods by which clients may come in. */
export interface AuthOptions {
  /** Anybody, without a proof. */
  anonymous?: AnonymousOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A ticket: a shared secret that is sent as it is [advanced, Ticket-based Authentication]. */
  ticket?: TicketOptions | DynamicAuthOptions | FunctionAuthOptions
  /** Challenge and response by a shared secret [advanced, Challenge Response Authentication]. */
  wampcra?: WampCraOptions | DynamicAuthOptions | FunctionAuthOptions
  /** Challenge and response by a salted password [advanced, Salted Challenge Response]. */
  'wamp-scram'?: WampScramOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A signature by a private key of Ed25519 [advanced, Cryptosign-based Authentication]. */
  cryptosign?: CryptosignOptions | DynamicAuthOptions | FunctionAuthOptions
  /** A client certificate, where TLS ends in this process. */
  tls?: TlsOptions | DynamicAuthOptions | FunctionAuthOptions
  /** The login that the browser's cookie stands for. */
  cookie?: CookieAuthOptions
  /** Any other method, by its name in HELLO.Details.authmethods. */
  [authmethod: string]: AnonymousOptions | TicketOptions | WampCraOptions | WampScramOptions | CryptosignOptions | TlsOptions | DynamicAuthOptions | FunctionAuthOptions | CookieAuthOptions | undefined
}
