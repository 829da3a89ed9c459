import { errors } from '../errors.ts'
import type { AuthOptions } from '../options.ts'
import { anonymousAuthenticator } from './anonymous-authenticator.ts'
import type { Authenticator } from './authenticator.ts'
import { cryptosignAuthenticator } from './cryptosign-authenticator.ts'
import { ticketAuthenticator } from './ticket-authenticator.ts'
import { tlsAuthenticator } from './tls-authenticator.ts'
import { wampScramAuthenticator } from './wamp-scram-authenticator.ts'
import { wampcraAuthenticator } from './wampcra-authenticator.ts'

/** The methods by which clients may come in at one endpoint. */
export class Authenticators {
  readonly #byMethod: Map<string, Authenticator>
  #state: 'open' | 'closed' = 'open'

  constructor (options: AuthOptions) {
    this.#byMethod = new Map(Object.keys(options).flatMap((method) => {
      const authenticator = build(method, options)
      return authenticator === undefined ? [] : [[method, authenticator]]
    }))
  }

  /** The authenticator of a method. */
  get (method: string): Authenticator | undefined {
    return this.#byMethod.get(method)
  }

  /** True if the method can be used. */
  has (method: string): boolean {
    return this.#byMethod.has(method)
  }

  /** Adds a method. Throws WAMP_ERR_AUTHENTICATOR if there is one already, and once the app is ready. */
  set (method: string, authenticator: Authenticator): void {
    if (this.#state === 'closed') throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'comes too late: add it before the app is ready')
    if (method === 'cookie') throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'is the option auth.cookie')
    if (this.#byMethod.has(method)) throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'exists already')
    this.#byMethod.set(method, authenticator)
  }

  /** All of them, by method. */
  entries (): ReadonlyMap<string, Authenticator> {
    return this.#byMethod
  }

  /** From now on none is added. */
  close (): void {
    this.#state = 'closed'
  }
}

function build (method: string, options: AuthOptions): Authenticator | undefined {
  const { anonymous, ticket, wampcra, 'wamp-scram': scram, cryptosign, tls } = options
  const given = options[method]
  if (given === undefined) return undefined
  if ('authenticator' in given) return given.authenticator
  if (method === 'anonymous' && anonymous?.type === 'static') return anonymousAuthenticator(anonymous)
  if (method === 'ticket' && ticket?.type === 'static') return ticketAuthenticator(ticket)
  if (method === 'wampcra' && wampcra?.type === 'static') return wampcraAuthenticator(wampcra)
  if (method === 'wamp-scram' && scram?.type === 'static') return wampScramAuthenticator(scram)
  if (method === 'cryptosign' && cryptosign?.type === 'static') return cryptosignAuthenticator(cryptosign)
  if (method === 'tls' && tls?.type === 'static') return tlsAuthenticator(tls)
  // `cookie` is asked before all methods, and is none of these.
  return undefined
}
