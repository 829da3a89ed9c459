import type { ErrorObject } from 'ajv'
import { closest, didYouMean } from './did-you-mean.ts'

/** What is wrong with an option, and where: `path` is empty for the options as a whole. */
export interface OptionFault { readonly path: string, readonly expected: string }

/** The keywords of the options' schema that say for people what a value must be, and in which unit a number is. */
export const vocabulary = ['is', 'unit'] as const

interface Described {
  readonly is?: string
  readonly unit?: string
  readonly type?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, unknown>>
}

/** Characters of a value that is quoted. */
const QUOTED = 60
/** Options that hold secrets, and what may stand in their place: no value is quoted. */
const secrets = /^auth\b|secret|^signature\b/

/** What an error of validation says to people: what the value must be, and what it was, unless it may be a secret. */
export function describeFault ({ instancePath, keyword, params, message, parentSchema, data }: ErrorObject): OptionFault {
  const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { properties = {}, ...schema } = parentSchema as Described
  if (keyword === 'additionalProperties') return unknownOption(path, String(params.additionalProperty), properties)
  if (keyword === 'required') {
    const missing = String(params.missingProperty)
    const meant = Object.keys(data as object).find((name) => !Object.hasOwn(properties, name) && closest(name, Object.keys(properties)) === missing)
    return meant === undefined ? { path: join([...path, missing]), expected: 'is missing' } : unknownOption(path, meant, properties)
  }
  const expected = schema.is ?? expectedBy(keyword, params, schema) ?? message ?? 'is wrong'
  const where = join(path)
  return { path: where, expected: `${expected}${given(data, keyword, schema, where)}` }
}

function unknownOption (path: readonly string[], name: string, known: Readonly<Record<string, unknown>>): OptionFault {
  return { path: join([...path, name]), expected: `is not an option${didYouMean(name, Object.keys(known))}` }
}

function expectedBy (keyword: string, params: ErrorObject['params'], { type, unit, minimum, maximum }: Described): string | null {
  if (keyword === 'enum') return `must be one of ${(params.allowedValues as unknown[]).join(', ')}`
  if (type === 'integer') return `must be a whole number${unit === undefined ? '' : ` of ${unit}`}${minimum === undefined ? '' : ` from ${minimum}`}${maximum === undefined ? '' : ` to ${maximum}`}`
  if (type === 'boolean') return 'must be true or false'
  if (type === 'string') return keyword === 'minLength' ? 'must not be empty' : 'must be a string'
  if (type === 'array') return keyword === 'minItems' ? 'must not be empty' : 'must be a list'
  return type === 'object' && keyword === 'type' ? 'must be an object' : null
}

/** The value, where one of this kind is no secret; else what kind of value it is. */
function given (value: unknown, keyword: string, { type }: Described, path: string): string {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  if (value === undefined || (!isPlain && keyword !== 'type' && keyword !== 'instance')) return ''
  // What stands where an object belongs may be anything, such as a user's password.
  if (!isPlain || type === 'object' || secrets.test(path)) return `, and not ${kind}`
  const text = JSON.stringify(value)
  return `, and not ${text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text}`
}

function join (path: readonly string[]): string {
  return path.reduce((whole, part) => /^\d+$/.test(part) ? `${whole}[${part}]` : whole === '' ? part : `${whole}.${part}`, '')
}
