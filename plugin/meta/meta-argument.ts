import { WampError } from '../errors.ts'
import { isId } from '../protocol/id.ts'
import type { Id } from '../protocol/id.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { isDict } from '../protocol/wire-value.ts'

/** The ERROR of a meta procedure; `text` names the invalid argument. */
export function metaError (error: Uri, text: string): WampError {
  return new WampError(error, { args: [text] })
}

/** The argument if it is an id. This and the following functions throw `wamp.error.invalid_argument`. */
export function toId (value: unknown, name: string): Id {
  if (!isId(value)) throw metaError(reasons.invalidArgument, `${name} must be an id`)
  return value
}

export function toText (value: unknown, name: string): string {
  if (typeof value !== 'string') throw metaError(reasons.invalidArgument, `${name} must be a string`)
  return value
}

/** Undefined if the argument is omitted or null. */
export function optional<T> (to: (value: unknown, name: string) => T, value: unknown, name: string): T | undefined {
  return value === undefined || value === null ? undefined : to(value, name)
}

export function toTexts (value: unknown, name: string): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw metaError(reasons.invalidArgument, `${name} must be a list of strings`)
  return value
}

/** `options.match` of a look-up. */
export function toMatch (options: unknown): MatchPolicy {
  const { match = 'exact' } = optional(toDict, options, 'options') ?? {}
  if (match !== 'exact' && match !== 'prefix' && match !== 'wildcard') throw metaError(reasons.invalidArgument, 'options.match must be one of exact, prefix, wildcard')
  return match
}

export function toDict (value: unknown, name: string): { readonly [key: string]: unknown } {
  if (!isDict(value)) throw metaError(reasons.invalidArgument, `${name} must be a dict`)
  return value
}
