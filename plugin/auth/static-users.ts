import type { ProvingMethod, StaticAuthOptions } from '../auth-methods.ts'
import type { AuthOptions } from '../auth-options.ts'
import type { Uri } from '../protocol/uri.ts'

/** The part that the users of all methods have in common. */
export interface StaticUser { readonly role: string, readonly realm?: Uri }

/** The users of a method, by authid. */
type Users = Readonly<Record<string, StaticUser>>

/** The methods that have users. */
type UserMethod = Exclude<ProvingMethod, 'anonymous'>

/** The option that lists the users. */
type ListOf<O> = { [K in keyof O]-?: O[K] extends Users ? K : never }[keyof O]

const lists: { readonly [M in UserMethod]: ListOf<StaticAuthOptions[M]> } = {
  ticket: 'principals',
  wampcra: 'users',
  'wamp-scram': 'principals',
  cryptosign: 'principals',
  tls: 'principals'
}

/** The configured users of each static method. `path` is the path of the option that lists them. */
export function * staticUsers (auth: AuthOptions): Iterable<{ method: string, path: string, users: Users }> {
  for (const [method, list] of Object.entries(lists)) {
    const given = auth[method]
    if (given === undefined || !('type' in given) || given.type !== 'static') continue
    yield { method, path: `auth.${method}.${list}`, users: (given as unknown as Readonly<Record<typeof list, Users>>)[list] }
  }
}
