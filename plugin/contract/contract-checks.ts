import { Ajv } from 'ajv'
import type { ErrorObject } from 'ajv'
import addFormats from 'ajv-formats'
import { errors } from '../errors.ts'
import type { Dict } from '../protocol/message.ts'
import { packingOf } from '../protocol/passthru.ts'
import type { Payload, Values } from '../protocol/payload.ts'
import { setOwn } from '../protocol/set-own.ts'
import { isUri } from '../protocol/uri.ts'
import { hasBigInt, isDict } from '../protocol/wire-value.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Contract } from './contract.ts'
import type { JsonSchema } from './schema-types.ts'
import { areUnique } from './unique-items.ts'
import { stepsOf, TooManySteps, ValidationSteps } from './validation-steps.ts'

type Check = (value: unknown) => string | null
interface Checks { readonly args: Check, readonly kwargs: Check }
interface ProcedureChecks extends Checks { readonly result: Check, readonly progress: Check }

/** The maximum number of characters of a fault that is sent to a client. */
const FAULT = 200

/** Validates payloads against a contract. Each method returns a description of the fault, or null, and never throws. */
export class ContractChecks {
  readonly #procedures = new Map<Uri, ProcedureChecks>()
  readonly #topics = new Map<Uri, Checks>()

  /** Throws WAMP_ERR_INVALID_OPTION for an invalid schema. `path` is the path of the contract. */
  constructor ({ procedures = {}, topics = {} }: Contract, path: string) {
    const ajv = new Ajv({ strict: false, strictNumbers: true, allErrors: false, ownProperties: true, discriminator: true })
    const steps = new ValidationSteps(ajv)
    // A CommonJS module: its types declare the function one level deeper than it is.
    const formats = addFormats as unknown as (ajv: Ajv) => void
    formats(ajv)
    const { url } = ajv.formats
    if (url instanceof RegExp) ajv.addFormat('url', linear(url))
    ajv.removeKeyword('uniqueItems')
    ajv.addKeyword({
      keyword: 'uniqueItems', type: 'array', schemaType: 'boolean', validate: (asked: boolean, items: unknown[]) => !asked || areUnique(items, (count) => { steps.count(count) }), error: { message: 'must NOT have duplicate items' }
    })
    /** The keywords of schemas with an `$id`, which other schemas may refer to. */
    let shared = 0
    const checkOf = (name: string, schema: JsonSchema | undefined, where: string, absent: Check): Check => {
      if (schema === undefined) return absent
      try {
        const before = steps.keywords
        const validate = ajv.compile(schema)
        const keywords = steps.keywords - before + shared
        if ('$id' in schema) shared = keywords
        return checkBy(name, (value, size) => steps.run(size, keywords, () => validate(value)) ? null : validate.errors?.[0])
      } catch (error) {
        throw new errors.WAMP_ERR_INVALID_OPTION(`${where}.${name}`, `must be a JSON schema: ${(error as Error).message}`)
      }
    }
    for (const [uri, { args, kwargs, result, progress, errors: raised = {} }] of Object.entries(procedures)) {
      const where = `${path}.procedures["${uri}"]`
      checkUri(uri, where)
      for (const error of Object.keys(raised)) checkUri(error, `${where}.errors["${error}"]`)
      this.#procedures.set(uri, {
        args: checkOf('args', args, where, noArgs),
        kwargs: checkOf('kwargs', kwargs, where, noKwargs),
        result: checkOf('result', result, where, anything),
        progress: checkOf('progress', progress, where, anything)
      })
    }
    for (const [uri, { args, kwargs }] of Object.entries(topics)) {
      const where = `${path}.topics["${uri}"]`
      checkUri(uri, where)
      this.#topics.set(uri, { args: checkOf('args', args, where, noArgs), kwargs: checkOf('kwargs', kwargs, where, noKwargs) })
    }
  }

  /** Validates the arguments of a procedure. */
  call (procedure: Uri, options: Dict, payload: Payload): string | null {
    return faultOf(this.#procedures.get(procedure), options, payload)
  }

  /** Validates the payload of an event. */
  event (topic: Uri, options: Dict, payload: Payload): string | null {
    return faultOf(this.#topics.get(topic), options, payload)
  }

  /** Validates the result of a procedure. */
  result (procedure: Uri, options: Dict & { readonly progress?: boolean }, payload: Payload): string | null {
    const checks = this.#procedures.get(procedure)
    if (checks === undefined) return null
    const check = options.progress === true ? checks.progress : checks.result
    if (check === anything) return null
    if (packingOf(options) !== null) return packed
    return faultIn(payload, ({ args, kwargs }) => {
      if (args.length > 1 || Object.keys(kwargs).length > 0) return 'the result must be one value'
      return check(args[0] ?? null)
    })
  }
}

const packed = 'the payload must not be packed (ppt_scheme, enc_algo): this router checks it'
const unreadable = 'the payload contains a value that this router cannot decode, so it cannot be validated'
const anything: Check = () => null
const noArgs: Check = (args) => (args as unknown[]).length === 0 ? null : 'args must be empty'
const noKwargs: Check = (kwargs) => Object.keys(kwargs as object).length === 0 ? null : 'kwargs must be empty'

/** URIs that begin with `wamp.` are defined by the specification and need no contract. */
function checkUri (uri: string, path: string): void {
  if (!isUri(uri) || uri.startsWith('wamp.')) throw new errors.WAMP_ERR_INVALID_OPTION(path, 'must be a URI of the app')
}

function faultOf (checks: Checks | undefined, options: Dict, payload: Payload): string | null {
  if (checks === undefined) return null
  if (packingOf(options) !== null) return packed
  return faultIn(payload, ({ args, kwargs }) => checks.args(args) ?? checks.kwargs(kwargs))
}

/** The fault of the values of a payload. A value that JavaScript cannot represent, or one that exhausts a check, is a fault of its sender. */
function faultIn (payload: Payload, check: (values: Values) => string | null): string | null {
  try {
    const values = payload.values()
    const fault = check(values)
    // Deliver the validated values, not the bytes, which another reader might interpret differently.
    if (fault === null) payload.keep(values)
    return fault
  } catch {
    return unreadable
  }
}

/** The same format, in a time in proportion to the text: of its two ways to read a password each would be tried with all of the other. */
function linear ({ source, flags }: RegExp): RegExp {
  return new RegExp(source.replace('\\S+(?::\\S*)?@', '\\S+@'), flags)
}

/** `validate` returns null, or the first error of a value of this size in steps. */
function checkBy (name: string, validate: (value: unknown, size: number) => ErrorObject | undefined | null): Check {
  return (value) => {
    const size = stepsOf(value)
    if (Number.isNaN(size)) return `${name} must have finite numbers only`
    try {
      const error = validate(hasBigInt(value) ? withoutBigInts(value) : value, size)
      return error === null ? null : textOf(name, error).slice(0, FAULT)
    } catch (error) {
      if (error instanceof TooManySteps) return `${name} takes too many steps to validate: alternatives of the schema contain each other`
      throw error
    }
  }
}

/** Integers beyond 2^53 are integers for a schema. It validates the nearest number; the receiver gets the exact integer. */
function withoutBigInts (value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withoutBigInts)
  if (!isDict(value)) return value
  const dict: Record<string, unknown> = {}
  let hasTable = false
  for (const [key, item] of Object.entries(value)) hasTable = setOwn(dict, key, withoutBigInts(item), hasTable)
  return dict
}

/** The location and the requirement: `args[1] must be number`. Never contains the value itself. */
function textOf (name: string, error: ErrorObject | undefined): string {
  const steps = (error?.instancePath ?? '').split('/').slice(1).map((step) => /^\d+$/.test(step) ? `[${step}]` : `.${step.replaceAll('~1', '/').replaceAll('~0', '~')}`)
  return `${name}${steps.join('')} ${error?.message ?? 'is not valid'}`
}
