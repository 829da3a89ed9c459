import type { Dict } from '../protocol/message-options.ts'
import { ClientError } from './client-error.ts'

/** A CHALLENGE of the router. */
export interface Challenge {
  /** The method of the login. */
  readonly method: string
  /** CHALLENGE.Extra. Its content depends on the method. */
  readonly extra: Dict
}

/** The answer to a CHALLENGE: the fields of AUTHENTICATE. */
export interface Answer {
  /** The proof, such as a ticket or a signature. */
  readonly signature: string
  /** AUTHENTICATE.Extra, if the method requires it. */
  readonly extra?: Dict
}

/** One attempt to log in. */
export interface LoginAttempt {
  /** HELLO.Details.authextra. */
  readonly authextra?: Dict
  /** Answers a CHALLENGE. */
  answer (challenge: Challenge): Answer | Promise<Answer>
  /** Checks the router's proof in WELCOME.Details.authextra. Throws if the router did not prove its identity. */
  verify? (authextra: Dict): void | Promise<void>
}

/** A login, created by `ticket`, `wampcra`, `wampScram` or `cryptosign`, or by the app for a custom method. */
export interface Login {
  /** The name of the method, such as `ticket`. */
  readonly method: string
  /** The name of the user; null if the proof identifies the user. */
  readonly authid: string | null
  /** Called for each attempt, including reconnects. */
  begin (): LoginAttempt | Promise<LoginAttempt>
}

/** A secret, or a function that returns it when it is needed. */
export type Secret = string | (() => string | Promise<string>)

/** Checks what a login is made of: each part must be text, or may be a function. Throws WAMP_ERR_LOGIN, which names the part. */
export function checkLogin (method: string, given: object, parts: Readonly<Record<string, 'text' | 'text or function'>>): void {
  for (const [name, kind] of Object.entries(parts)) {
    const value = (given as Readonly<Record<string, unknown>> | undefined)?.[name]
    if (typeof value === 'string' || (kind === 'text or function' && typeof value === 'function')) continue
    throw new ClientError('WAMP_ERR_LOGIN', `${method}: "${name}" must be a string${kind === 'text' ? '' : ' or a function that returns one'}`)
  }
}

/** The secret itself. */
export async function secretOf (secret: Secret): Promise<string> {
  const text: unknown = typeof secret === 'string' ? secret : await secret()
  if (typeof text !== 'string') throw new ClientError('WAMP_ERR_LOGIN', 'the function for the secret must return a string')
  return text
}
