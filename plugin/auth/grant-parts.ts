import type { Dict } from '../protocol/message.ts'
import type { Grant } from './authenticator.ts'

/** The optional parts of a grant that a login records. */
export type GrantParts = Pick<Grant, 'authmethod' | 'authprovider' | 'extra'>

/** The optional parts of a grant. A part that is null is absent. Throws the fault of a part that neither a client nor a cookie store could read. */
export function partsOf ({ authmethod, authprovider, extra }: { readonly [P in keyof GrantParts]?: unknown }, fault: (text: string) => Error): GrantParts {
  const textOf = (name: 'authmethod' | 'authprovider', value: unknown): string => {
    if (typeof value === 'string' && value !== '') return value
    throw fault(`an "${name}" that is not a string`)
  }
  const dictOf = (value: unknown): Dict => {
    if (typeof value === 'object' && !Array.isArray(value)) return value as Dict
    throw fault('an "extra" that is not a dict')
  }
  return {
    ...(authmethod === undefined || authmethod === null ? {} : { authmethod: textOf('authmethod', authmethod) }),
    ...(authprovider === undefined || authprovider === null ? {} : { authprovider: textOf('authprovider', authprovider) }),
    ...(extra === undefined || extra === null ? {} : { extra: dictOf(extra) })
  }
}
