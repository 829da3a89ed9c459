import type { ErrorObject } from 'ajv'
import { storeFault } from './cookie/store-fault.ts'
import { closest, hintOf } from './did-you-mean.ts'

/** The fault of an option: its path, which is `options` for the options as a whole, and the requirement. */
export interface OptionFault { readonly path: string, readonly expected: string }

/** The keywords of the options' schema that describe a requirement, and the unit of a number. */
export const vocabulary = ['is', 'unit'] as const

interface Described {
  readonly is?: string
  readonly unit?: string
  readonly instance?: string
  readonly type?: unknown
  readonly additionalProperties?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, unknown>>
}

/** The maximum number of characters of a quoted value. */
const QUOTED = 60
/** Options that contain secrets, or may get one by mistake, such as the URL of a database with its password. Values in their place are not quoted. */
const secrets = /^auth\b|secret|^signature\b|^cookie\.store\b/

/** A short name, such as that of a type. A URL or a generated secret is none. */
const WORD = /^[a-z][a-z-]{0,11}$/

/** Describes a validation error: the requirement, and the given value unless it may be a secret. */
export function describeFault ({ instancePath, keyword, params, message, parentSchema, data }: ErrorObject): OptionFault {
  const path = instancePath.split('/').slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { properties = {}, ...schema } = parentSchema as Described
  if (keyword === 'additionalProperties') return unknownOption(path, String(params.additionalProperty), properties)
  if (keyword === 'required') {
    const missing = String(params.missingProperty)
    const meant = Object.keys(data as object).find((name) => !Object.hasOwn(properties, name) && closest(name, Object.keys(properties)) === missing)
    return meant === undefined ? missingOption(path, missing, data as object, schema, properties) : unknownOption(path, meant, properties)
  }
  if (schema.instance === 'cookie store') return { path: join(path), expected: storeFault(data) ?? '' }
  const expected = schema.is ?? expectedBy(keyword, params, schema) ?? message ?? 'is wrong'
  const where = path.length === 0 ? 'options' : join(path)
  return { path: where, expected: `${expected}${given(data, keyword, schema, where)}` }
}

function unknownOption (path: readonly string[], name: string, known: Readonly<Record<string, unknown>>): OptionFault {
  return { path: join([...path, name]), expected: `is not an option${hintOf(name, Object.keys(known))}` }
}

/** A missing option, with its values if it has a list of them, and with the first option that was given instead. */
function missingOption (path: readonly string[], name: string, data: object, { additionalProperties }: Described, known: Readonly<Record<string, unknown>>): OptionFault {
  const values = (known[name] as { enum?: readonly unknown[] } | undefined)?.enum
  const other = additionalProperties === false ? Object.keys(data).find((one) => !Object.hasOwn(known, one)) : undefined
  const must = values === undefined ? '' : `: it ${oneOf(values)}`
  return { path: join([...path, name]), expected: `is missing${must}${other === undefined ? '' : `, and "${other}" is not an option`}` }
}

function oneOf (values: readonly unknown[]): string {
  return values.length === 1 ? `must be ${JSON.stringify(values[0])}` : `must be one of ${values.join(', ')}`
}

function expectedBy (keyword: string, params: ErrorObject['params'], { type, unit, minimum, maximum }: Described): string | null {
  if (keyword === 'enum') return oneOf(params.allowedValues as unknown[])
  if (type === 'integer') return `must be a whole number${unit === undefined ? '' : ` of ${unit}`}${minimum === undefined ? '' : ` from ${minimum}`}${maximum === undefined ? '' : ` to ${maximum}`}`
  if (type === 'boolean') return 'must be true or false'
  if (type === 'string') return keyword === 'minLength' ? 'must not be empty' : 'must be a string'
  if (type === 'array') return keyword === 'minItems' ? 'must not be empty' : 'must be a list'
  return type === 'object' && keyword === 'type' ? 'must be an object' : null
}

/** The value, unless values of this option may be secrets; otherwise its type. */
function given (value: unknown, keyword: string, { type }: Described, path: string): string {
  const kind = value === null ? 'null' : Array.isArray(value) ? 'a list' : value instanceof URL ? 'a URL' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  if (value === undefined || keyword === 'not' || (!isPlain && keyword !== 'type' && keyword !== 'instance')) return ''
  // A value in place of an object may be anything, such as a user's password.
  const isHidden = secrets.test(path) && !(keyword === 'enum' && WORD.test(String(value))) && !(type === 'integer' && typeof value === 'number')
  // An option of the right type has no other fault than the one that is described.
  if (keyword === 'minLength' || (isHidden && isPlain && (keyword === 'enum' || kind === `a ${String(type)}`))) return ''
  if (!isPlain || type === 'object' || isHidden) return `, and not ${kind}`
  // JSON has no NaN, which Number() returns for a missing environment variable.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return `, and not ${text.length > QUOTED ? `${text.slice(0, QUOTED)}…` : text}`
}

function join (path: readonly string[]): string {
  return path.reduce((whole, part) => /^\d+$/.test(part) ? `${whole}[${part}]` : whole === '' ? part : `${whole}.${part}`, '')
}
