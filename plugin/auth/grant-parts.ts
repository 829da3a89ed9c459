import type { Dict } from '../protocol/message.ts'
import type { Grant } from './authenticator.ts'

/** The optional parts of a grant that a login records. */
export type GrantParts = { readonly [P in 'authmethod' | 'authprovider' | 'extra']: Grant[P] | undefined }

type Fault = (text: string) => Error

/** The optional parts of a grant. A part that is null is absent. Throws the fault of a part that neither a client nor a cookie store could read. */
export function partsOf ({ authmethod, authprovider, extra }: { readonly [P in keyof GrantParts]?: unknown }, fault: Fault): GrantParts {
  return { authmethod: textOf('authmethod', authmethod, fault), authprovider: textOf('authprovider', authprovider, fault), extra: dictOf(extra, fault) }
}

function textOf (name: 'authmethod' | 'authprovider', value: unknown, fault: Fault): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value !== '') return value
  throw fault(`an "${name}" that is not a string`)
}

function dictOf (value: unknown, fault: Fault): Dict | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object' && !Array.isArray(value)) return value as Dict
  throw fault('an "extra" that is not a dict')
}
