import type { AuthOptions } from './auth-options.ts'
import type { OptionOf } from './typed-schema.ts'

/** The name of a method of the router. */
export type AuthMethod = OptionOf<AuthOptions>
/** A method of the router that proves an identity: all except `cookie`, which restores one that was proven before. */
export type ProvingMethod = Exclude<AuthMethod, 'cookie'>
/** The options of each method whose type is `static`. */
export type StaticAuthOptions = { readonly [M in ProvingMethod]: Extract<NonNullable<AuthOptions[M]>, { type: 'static' }> }
