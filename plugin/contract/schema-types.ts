/** A JSON schema, written by hand or by a builder such as TypeBox. */
export type JsonSchema = object

/** Maps schemas to TypeScript types, like a type provider of Fastify: `validator` is the type of the values that `schema` describes. */
export interface SchemaTypes {
  /** The schema. */
  readonly schema: unknown
  /** The type of its values. */
  readonly validator: unknown
}

/** Derives types from the keywords of JSON schemas that the router checks. A schema that a type cannot express has the type `unknown`. */
export interface JsonSchemaTypes extends SchemaTypes {
  readonly validator: ValueOf<this['schema']>
}

/** The type of the values of a JSON schema. */
export type ValueOf<S> = S extends { readonly const: infer V } ? V
  : S extends { readonly enum: readonly (infer V)[] } ? V
    : S extends { readonly anyOf: readonly (infer O)[] } ? OneOf<O>
      : S extends { readonly oneOf: readonly (infer O)[] } ? OneOf<O>
        : S extends { readonly allOf: readonly unknown[] } ? AllOf<S['allOf']>
          : S extends { readonly type: readonly (infer T)[] } ? OfType<S, T>
            : S extends { readonly type: infer T } ? OfType<S, T>
              : unknown

type OneOf<S> = S extends unknown ? ValueOf<S> : never
type AllOf<S extends readonly unknown[]> = S extends readonly [infer First, ...infer Rest] ? ValueOf<First> & AllOf<Rest> : unknown

/** Distributes over the types that a schema lists. */
type OfType<S, T> = T extends 'string' ? string
  : T extends 'number' | 'integer' ? number
    : T extends 'boolean' ? boolean
      : T extends 'null' ? null
        : T extends 'array' ? ListOf<S>
          : T extends 'object' ? DictOf<S>
            : unknown

/** Schemas of single items are a list in the drafts of JSON Schema that the router knows: it ignores `prefixItems`. */
type ListOf<S> = S extends { readonly items: infer I }
  ? I extends readonly unknown[] ? [...Items<I, S extends { readonly minItems: infer N } ? N : 0>, ...Further<S>] : ValueOf<I>[]
  : unknown[]
/** Items beyond `minItems` may be absent. */
type Items<I extends readonly unknown[], N, Done extends readonly unknown[] = [], Needed = Done['length'] extends N ? false : true> = I extends readonly [infer First, ...infer Rest]
  ? Needed extends true ? [ValueOf<First>, ...Items<Rest, N, [...Done, First]>] : { -readonly [K in keyof I]?: ValueOf<I[K]> }
  : []
type Further<S> = S extends { readonly additionalItems: infer A } ? A extends false ? [] : ValueOf<A>[] : unknown[]

type DictOf<S> = S extends { readonly properties: infer P }
  ? Flat<{ -readonly [K in NeededKeys<S, P>]: ValueOf<P[K]> } & { -readonly [K in Exclude<keyof P, NeededKeys<S, P>>]?: ValueOf<P[K]> }>
  : S extends { readonly patternProperties: infer P } ? { [name: string]: ValueOf<P[keyof P]> }
    : S extends { readonly additionalProperties: infer V } ? { [name: string]: V extends object ? ValueOf<V> : unknown }
      : { [name: string]: unknown }
type NeededKeys<S, P> = S extends { readonly required: readonly (infer K)[] } ? Extract<keyof P, K> : never
type Flat<T> = { [K in keyof T]: T[K] }
