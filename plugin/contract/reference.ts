import { refuseUnknown } from '../did-you-mean.ts'
import type { Contract, ProcedureContract, TopicContract } from './contract.ts'
import type { JsonSchema } from './schema-types.ts'

interface Schema { readonly [keyword: string]: unknown }

/** Renders a contract as a Markdown page. Throws WAMP_ERR_INVALID_OPTION for an unknown key. */
export function contractReference (contract: Contract, options: { readonly title?: string } = {}): string {
  refuseUnknown(contract, ['procedures', 'topics'], 'contract')
  refuseUnknown(options, ['title'])
  const { procedures = {}, topics = {} } = contract
  const { title = 'Procedures and topics' } = options
  const lines = [`# ${title}`]
  if (Object.keys(procedures).length > 0) lines.push('## Procedures', ...Object.entries(procedures).flatMap(([uri, procedure]) => describeProcedure(uri, procedure)))
  if (Object.keys(topics).length > 0) lines.push('## Topics', ...Object.entries(topics).flatMap(([uri, topic]) => describe(uri, topic)))
  return `${lines.join('\n\n')}\n`
}

function describeProcedure (uri: string, procedure: ProcedureContract): string[] {
  const { result, progress, errors = {} } = procedure
  const answers = [
    result === undefined ? [] : [`Result: ${meaning(result)}`],
    progress === undefined ? [] : [`Progressive results: ${meaning(progress)}`],
    Object.keys(errors).length === 0 ? [] : [`Errors: ${Object.entries(errors).map(([error, status]) => `\`${error}\` (HTTP ${status})`).join(', ')}`]
  ]
  return [...describe(uri, procedure), ...answers.flat()]
}

function describe (uri: string, { description, args, kwargs }: TopicContract): string[] {
  const rows = [...rowsOfArgs(args as Schema | undefined), ...rowsOfKwargs(kwargs as Schema | undefined)]
  const table = rows.length === 0 ? 'No arguments or values.' : ['| | | |', '|---|---|---|', ...rows].join('\n')
  return [`### \`${uri}\``, ...(description === undefined ? [] : [description]), table]
}

function rowsOfArgs (schema: Schema | undefined): string[] {
  if (schema === undefined) return []
  const items = (schema['prefixItems'] ?? schema['items']) as Schema | readonly Schema[] | undefined
  if (!Array.isArray(items)) return [row('`args`', meaning(schema), schema)]
  return items.map((item: Schema, i) => row(`\`args[${i}]\``, meaning(item), item, i < Number(schema['minItems'] ?? 0)))
}

function rowsOfKwargs (schema: Schema | undefined): string[] {
  if (schema === undefined) return []
  const { properties, required = [] } = schema as { properties?: Record<string, Schema>, required?: readonly string[] }
  if (properties === undefined) return [row('`kwargs`', meaning(schema), schema)]
  return Object.entries(properties).map(([name, property]) => row(`\`kwargs.${name}\``, meaning(property), property, required.includes(name)))
}

function row (name: string, type: string, { title, description }: Schema, needed = true): string {
  const words = [title, description].filter((text) => typeof text === 'string').join(': ').replaceAll('|', '\\|')
  return `| ${name} | ${type}${needed ? '' : ', optional'} | ${words} |`
}

/** A short description of a schema, or the schema itself if it cannot be described. */
function meaning (given: JsonSchema): string {
  const schema = given as Schema
  const { type, items, properties, required = [] } = schema as { type?: string, items?: Schema, properties?: Record<string, Schema>, required?: readonly string[] }
  if ('const' in schema) return code(schema['const'])
  if (Array.isArray(schema['enum'])) return schema['enum'].map(code).join(' or ')
  const choices = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choices)) return choices.map(meaning).join(' or ')
  if (type === 'array' && items !== undefined && !Array.isArray(items)) return `a list, each item: ${meaning(items)}`
  if (type === 'object' && properties !== undefined) return `{ ${Object.entries(properties).map(([name, property]) => `${name}${required.includes(name) ? '' : '?'}: ${meaning(property)}`).join(', ')} }`
  return typeof type === 'string' && items === undefined ? `${type}${boundsOf(schema)}` : code(schema)
}

function boundsOf ({ format, minimum, maximum, minLength, maxLength, pattern }: Schema): string {
  const bounds = [
    format === undefined ? null : String(format),
    minimum === undefined ? null : `from ${String(minimum)}`,
    maximum === undefined ? null : `to ${String(maximum)}`,
    minLength === undefined ? null : `at least ${String(minLength)} characters`,
    maxLength === undefined ? null : `at most ${String(maxLength)} characters`,
    pattern === undefined ? null : `like \`${String(pattern)}\``
  ].filter((bound) => bound !== null)
  return bounds.length === 0 ? '' : ` (${bounds.join(', ')})`
}

function code (value: unknown): string {
  return `\`${JSON.stringify(value).replaceAll('|', '\\|')}\``
}
