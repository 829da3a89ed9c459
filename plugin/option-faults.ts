import type { ErrorObject } from 'ajv'
import { storeFault } from './cookie/store-fault.ts'
import { closest, didYouMean } from './did-you-mean.ts'

/** The fault of an option: its path, which is `options` for the options as a whole, and the requirement. */
export interface OptionFault { readonly path: string, readonly expected: string }

/** The keywords of the options' schema that describe a requirement, and the unit of a number. */
export const vocabulary = ['is', 'unit'] as const

interface Described {
  readonly is?: string
  readonly unit?: string
  readonly instance?: string
  readonly type?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, unknown>>
}

/** The maximum number of characters of a quoted value. */
const QUOTED = 60
/** Options that contain secrets, or may get one by mistake, such as the URL of a database with its password. Values in their place are not quoted. */
const secrets = /^auth\b|secret|^signature\b|^cookie\.store\b/

/** Describes a validation error: the requirement, and the given value unless it may be a secret. */
export function describeFault ({ instancePath, keyword, params, message, parentSchema, data }: ErrorObject): OptionFault {
  const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { properties = {}, ...schema } = parentSchema as Described
  if (keyword === 'additionalProperties') return unknownOption(path, String(params.additionalProperty), properties)
  if (keyword === 'required') {
    const missing = String(params.missingProperty)
    const meant = Object.keys(data as object).find((name) => !Object.hasOwn(properties, name) && closest(name, Object.keys(properties)) === missing)
    return meant === undefined ? { path: join([...path, missing]), expected: 'is missing' } : unknownOption(path, meant, properties)
  }
  if (schema.instance === 'cookie store') return { path: join(path), expected: storeFault(data) ?? '' }
  const expected = schema.is ?? expectedBy(keyword, params, schema) ?? message ?? 'is wrong'
  const where = path.length === 0 ? 'options' : join(path)
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

/** The value, unless values of this option may be secrets; otherwise its type. */
function given (value: unknown, keyword: string, { type }: Described, path: string): string {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  if (value === undefined || (!isPlain && keyword !== 'type' && keyword !== 'instance')) return ''
  // A value in place of an object may be anything, such as a user's password.
  if (!isPlain || type === 'object' || secrets.test(path)) return `, and not ${kind}`
  const text = JSON.stringify(value)
  return `, and not ${text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text}`
}

function join (path: readonly string[]): string {
  return path.reduce((whole, part) => /^\d+$/.test(part) ? `${whole}[${part}]` : whole === '' ? part : `${whole}.${part}`, '')
}
