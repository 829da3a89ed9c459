import { _ } from 'ajv'
import type { Ajv, CodeKeywordDefinition, KeywordCxt } from 'ajv'
import { isDict } from '../protocol/wire-value.ts'
import { spend } from '../work.ts'

/** The keywords that loop over a value, and `$ref`, which all recursion passes through. */
const COUNTED = [
  '$ref', 'items', 'additionalItems', 'contains', 'patternProperties', 'additionalProperties', 'propertyNames', 'minProperties', 'maxProperties',
  'minLength', 'maxLength', 'pattern', 'format'
]
/** Characters that are read in one step. */
const CHARACTERS_OF_STEP = 16
/** Steps that are taken in the time of one unit of work. */
const STEPS_OF_UNIT = 4
/** Steps that every value may take. */
const FREE_STEPS = 10_000
/** How often a keyword may be applied to the same part of a value. */
const REPETITIONS = 2

/** A value takes too many steps to validate. */
export class TooManySteps extends Error {}

/**
 * Counts the steps of Ajv. If two alternatives of a schema contain the schema itself, Ajv may validate a value once for each path through
 * the alternatives: the time doubles with each level of the value. A value may take as many steps as a schema without such
 * alternatives needs, several times over.
 */
export class ValidationSteps {
  #keywords = 0
  /** Infinite while Ajv validates schemas. */
  #left = Infinity

  /** Adds the counter to the keywords of an Ajv instance. */
  constructor (ajv: Ajv) {
    const count = (value: unknown): void => { this.count(1 + lengthOf(value)) }
    for (const keyword of COUNTED) {
      // The rule is changed in place, because the order of the rules determines which fault is found first.
      const rule = ajv.RULES.all[keyword]
      if (typeof rule !== 'object') continue
      const { code } = rule.definition as CodeKeywordDefinition
      Object.assign(rule.definition, {
        code: (context: KeywordCxt, ruleType?: string) => {
          this.#keywords++
          context.gen.code(_`${context.gen.scopeValue('func', { ref: count })}(${context.data})`)
          code(context, ruleType)
        }
      })
    }
  }

  /** The counted keywords of the schemas that have been compiled. */
  get keywords (): number {
    return this.#keywords
  }

  /** Runs a validation. Throws TooManySteps if it takes more steps than a value of this size, in steps, may take with this number of keywords. */
  run<T> (size: number, keywords: number, validate: () => T): T {
    const most = FREE_STEPS + REPETITIONS * size * keywords
    this.#left = most
    try {
      return validate()
    } finally {
      spend((most - Math.max(this.#left, 0)) / STEPS_OF_UNIT)
      this.#left = Infinity
    }
  }

  /** Counts steps of the running validation. Throws TooManySteps. */
  count (steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new TooManySteps()
  }
}

/** The steps of a loop over a value. */
export function lengthOf (value: unknown): number {
  if (typeof value === 'string') return value.length / CHARACTERS_OF_STEP
  if (Array.isArray(value)) return value.length
  return isDict(value) ? Object.keys(value).length : 0
}

/** The size of a value, in steps of a validation that visits each part once. NaN if it contains a number that JSON cannot represent. */
export function stepsOf (value: unknown): number {
  spend(1)
  if (typeof value === 'number' && !Number.isFinite(value)) return NaN
  const steps = 1 + lengthOf(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + stepsOf(item), steps)
  return isDict(value) ? Object.entries(value).reduce((sum, [key, item]) => sum + key.length / CHARACTERS_OF_STEP + stepsOf(item), steps) : steps
}
