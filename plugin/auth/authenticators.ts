import { errors } from '../errors.ts'
import type { ProvingMethod, StaticAuthOptions } from '../auth-methods.ts'
import type { AuthOptions } from '../auth-options.ts'
import type { MethodType } from './method-type.ts'
import { anonymousAuthenticator } from './anonymous-authenticator.ts'
import type { Authenticator } from './authenticator.ts'
import { cryptosignAuthenticator } from './cryptosign-authenticator.ts'
import { dynamicAuthenticator } from './dynamic-authenticator.ts'
import type { CallProcedure } from './dynamic-authenticator.ts'
import { ticketAuthenticator } from './ticket-authenticator.ts'
import { tlsAuthenticator } from './tls-authenticator.ts'
import { wampScramAuthenticator } from './wamp-scram-authenticator.ts'
import { wampcraAuthenticator } from './wampcra-authenticator.ts'

/** The authenticators that are functions of the app. */
const functions = new WeakSet<Authenticator>()

/** True for an authenticator that is a function of the app, which decides by itself when an identity is proven. */
export function isFunction (authenticator: Authenticator): boolean {
  return functions.has(authenticator)
}

/** The authentication methods of one endpoint. */
export class Authenticators {
  readonly #byMethod: Map<string, Authenticator>
  readonly #types: Map<string, MethodType>
  #own: 'none' | 'some'
  #state: 'open' | 'closed' = 'open'

  /** `call` is used by the methods whose users a procedure looks up. */
  constructor (options: AuthOptions, call: CallProcedure) {
    this.#own = Object.values(options).some((given) => given !== undefined && 'type' in given && given.type === 'function') ? 'some' : 'none'
    this.#byMethod = new Map(Object.keys(options).flatMap((method) => {
      const authenticator = build(method, options, call)
      return authenticator === undefined ? [] : [[method, authenticator]]
    }))
    this.#types = new Map(Object.entries(options).flatMap(([method, given]) => given !== undefined && 'type' in given ? [[method, given.type]] : []))
  }

  /** True if there are custom authenticators, which may read the request that opened the connection. */
  get lookAtRequests (): boolean {
    return this.#own === 'some'
  }

  /** The authenticator of a method. */
  get (method: string): Authenticator | undefined {
    return this.#byMethod.get(method)
  }

  /** The type of a method, or undefined if it is not available. */
  typeOf (method: string): MethodType | undefined {
    return this.#types.get(method)
  }

  /** True if the method is available. */
  has (method: string): boolean {
    return this.#byMethod.has(method)
  }

  /** Adds a method. Throws WAMP_ERR_AUTHENTICATOR if it already exists, if the app is ready, or if the authenticator is not a function. */
  set (method: string, authenticator: Authenticator): void {
    if (typeof method !== 'string' || method === '') throw new errors.WAMP_ERR_AUTHENTICATOR(String(method), 'must have a name')
    if (typeof authenticator !== 'function') throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'must be a function')
    if (this.#state === 'closed') throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'must be added before the app is ready')
    if (method === 'cookie') throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'is reserved: use the option auth.cookie')
    if (this.#byMethod.has(method)) throw new errors.WAMP_ERR_AUTHENTICATOR(method, 'already exists')
    functions.add(authenticator)
    this.#byMethod.set(method, authenticator)
    this.#types.set(method, 'function')
    this.#own = 'some'
  }

  /** All authenticators, by method. */
  entries (): ReadonlyMap<string, Authenticator> {
    return this.#byMethod
  }

  /** Prevents further additions. */
  close (): void {
    this.#state = 'closed'
  }
}

/** What builds the authenticator of a static method. `cookie` is tried before all other methods and is not one of these. */
const builders: { readonly [M in ProvingMethod]: (options: StaticAuthOptions[M]) => Authenticator } = {
  anonymous: anonymousAuthenticator,
  ticket: ticketAuthenticator,
  wampcra: wampcraAuthenticator,
  'wamp-scram': wampScramAuthenticator,
  cryptosign: cryptosignAuthenticator,
  tls: tlsAuthenticator
}

function build (method: string, options: AuthOptions, call: CallProcedure): Authenticator | undefined {
  const given = options[method]
  if (given === undefined || !('type' in given)) return undefined
  if (given.type === 'function') {
    functions.add(given.authenticator)
    return given.authenticator
  }
  if (!isProving(method)) return undefined
  return given.type === 'dynamic' ? dynamicAuthenticator(method, given, call) : buildStatic(method, given)
}

function isProving (method: string): method is ProvingMethod {
  return Object.hasOwn(builders, method)
}

function buildStatic<M extends ProvingMethod> (method: M, options: StaticAuthOptions[M]): Authenticator {
  return builders[method](options)
}
