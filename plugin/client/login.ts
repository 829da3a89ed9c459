import type { Dict } from '../protocol/message-options.ts'
import { ClientError } from './client-error.ts'

/** What the router asks: CHALLENGE.Extra, and the session id where it is in there. */
export interface Challenge {
  /** The method of the login. */
  readonly method: string
  /** What is to be answered; its form depends on the method. */
  readonly extra: Dict
}

/** AUTHENTICATE. */
export interface Answer {
  /** The proof: a ticket, a signature. */
  readonly signature: string
  /** What else the method needs. */
  readonly extra?: Dict
}

/** One attempt to log in. */
export interface LoginAttempt {
  /** HELLO.Details.authextra. */
  readonly authextra?: Dict
  /** Answers a CHALLENGE. */
  answer (challenge: Challenge): Answer | Promise<Answer>
  /** Checks what WELCOME.Details.authextra proves. Throws if the router is not what it should be. */
  verify? (authextra: Dict): void | Promise<void>
}

/** A way to log in: made by `ticket`, `wampcra`, `wampScram` or `cryptosign`, or by the app for a method of its own. */
export interface Login {
  /** The name of the method, such as `ticket`. */
  readonly method: string
  /** The name of the user; null where the proof says it. */
  readonly authid: string | null
  /** Called for each attempt, also when the client connects again. */
  begin (): LoginAttempt | Promise<LoginAttempt>
}

/** A secret, or a function that asks for it when the router does. */
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
