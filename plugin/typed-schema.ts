// JSON schemas that the compiler compares with the types that they validate: with the option types, at every level.

declare const validated: unique symbol

/** A JSON schema for values of type T. T is invariant: a schema for a wider or a narrower type is not assignable. */
export interface SchemaOf<T> { readonly [validated]: (value: T) => T }

/** The schema of an option that must be set. */
export class RequiredSchema<T> {
  readonly #schema: SchemaOf<T>

  constructor (schema: SchemaOf<T>) {
    this.#schema = schema
  }

  /** The schema of the values. */
  get schema (): SchemaOf<T> {
    return this.#schema
  }
}

/** The names of the options that a type declares, without its index signature. */
export type OptionOf<T> = keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: unknown }

/** A schema for each option of T: a `RequiredSchema` for those that must be set. */
export type SchemasOf<T> = { readonly [K in OptionOf<T>]-?: object extends Pick<T, K> ? SchemaOf<Exclude<T[K], undefined>> : RequiredSchema<T[K]> }

/** Rejects names that T does not have, also those of spread objects, which the compiler does not check by itself. */
type Only<T, P> = { readonly [K in Exclude<keyof P, OptionOf<T>>]: never }

/** Rejects a list that lacks a member of the union T. */
type Complete<T, V extends readonly unknown[]> = [Exclude<T, V[number]>] extends [never] ? unknown : { readonly missing: Exclude<T, V[number]> }

/** A schema whose type the compiler cannot check. */
export function schema<T> (json: object | true): SchemaOf<T> {
  return json as unknown as SchemaOf<T>
}

/** A schema with further keywords. */
export function also<T> (base: SchemaOf<T>, keywords: object): SchemaOf<T> {
  return schema({ ...base, ...keywords })
}

/** The schema of an option that must be set. */
export function required<T> (base: SchemaOf<T>): RequiredSchema<T> {
  return new RequiredSchema(base)
}

/** The schemas of exactly the options of T: `schemasOf<T>()({ … })`. */
export function schemasOf<T extends object> () {
  return <P extends SchemasOf<T>>(schemas: P & Only<T, P>): SchemasOf<T> => schemas
}

/** An object with exactly the options of T: `record<T>()({ … })`. */
export function record<T extends object> () {
  return <P extends SchemasOf<T>>(schemas: P & Only<T, P>): SchemaOf<T> => {
    const entries = Object.entries<SchemaOf<unknown> | RequiredSchema<unknown>>(schemas)
    return schema({
      type: 'object',
      properties: Object.fromEntries(entries.map(([name, one]) => [name, one instanceof RequiredSchema ? one.schema : one])),
      required: entries.flatMap(([name, one]) => one instanceof RequiredSchema ? [name] : []),
      additionalProperties: false
    })
  }
}

/** An object with any names. */
export function mapOf<T> (values: SchemaOf<T>, keywords: object = {}): SchemaOf<Readonly<Record<string, T>>> {
  return schema({ type: 'object', additionalProperties: values, ...keywords })
}

/** A list. */
export function listOf<T> (items: SchemaOf<T>, keywords: object = {}): SchemaOf<readonly T[]> {
  return schema({ type: 'array', items, ...keywords })
}

/** Exactly the members of a union: `oneOf<T>()(…)`. */
export function oneOf<T> () {
  return <const V extends readonly T[]>(...values: V & Complete<T, V>): SchemaOf<T> => schema({ enum: values })
}

/** The member of the union T whose key K has the value V, or T if it is a single type. */
type Variant<T, K extends PropertyKey, V> = [Extract<T, Readonly<Record<K, V>>>] extends [never] ? T : Extract<T, Readonly<Record<K, V>>>

/** One of several objects that one key, such as `type`, tells apart: `byKey<T>()(key, { … })`. */
export function byKey<T> () {
  return <K extends keyof T & string>(key: K, variants: { readonly [V in T[K] & string]: SchemaOf<Variant<T, K, V>> }): SchemaOf<T> => schema(variantsBy(key, variants))
}

/** As `byKey`, without types. An error is about the variant that is meant. */
export function variantsBy (key: string, variants: Readonly<Record<string, unknown>>): object {
  return {
    type: 'object',
    required: [key],
    properties: { [key]: { enum: Object.keys(variants) } },
    allOf: Object.entries(variants).map(([value, then]) => ({
      if: { required: [key], properties: { [key]: { const: value } } }, then
    }))
  }
}

/** The key that tells objects apart. `byKey` checks its value. */
export function keyOf<T> (): RequiredSchema<T> {
  return required(schema<T>(true))
}

export const text = schema<string>({ type: 'string', minLength: 1 })
export const flag = schema<boolean>({ type: 'boolean' })
export const count = schema<number>({ type: 'integer', minimum: 1 })
