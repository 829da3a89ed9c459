import { refuseUnknown } from '../did-you-mean.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Kwargs } from '../protocol/values.ts'
import type { JsonSchema, JsonSchemaTypes, SchemaTypes } from './schema-types.ts'

/** The schemas of a procedure's payloads. If `args` or `kwargs` is omitted, that part must be empty. If `result` or `progress` is omitted, any value is allowed. */
export interface ProcedureContract {
  /** A text for the reference page and for the summary of the route. */
  readonly description?: string
  /** The schema of the positional arguments, as a list. */
  readonly args?: JsonSchema
  /** The schema of the keyword arguments, as an object. */
  readonly kwargs?: JsonSchema
  /** The schema of the single value of the result. */
  readonly result?: JsonSchema
  /** The schema of the single value of each progressive result. */
  readonly progress?: JsonSchema
  /** The errors that the procedure raises, with the HTTP status of each. */
  readonly errors?: Readonly<Record<Uri, number>>
}

/** The schemas of a topic's payloads. If a schema is omitted, that part must be empty. */
export interface TopicContract {
  /** A text for the reference page. */
  readonly description?: string
  /** The schema of the positional values, as a list. */
  readonly args?: JsonSchema
  /** The schema of the keyword values, as an object. */
  readonly kwargs?: JsonSchema
}

/** The procedures and topics of an API, by URI. The router enforces it, TypeScript types are derived from it, and `contractReference` renders it. */
export interface Contract {
  /** The procedures, by URI. */
  readonly procedures?: Readonly<Record<Uri, ProcedureContract>>
  /** The topics, by URI. */
  readonly topics?: Readonly<Record<Uri, TopicContract>>
}

/** Defines a contract. Returns its argument with its literal type. Throws WAMP_ERR_INVALID_OPTION for an unknown key. */
export function wampContract<const C extends Contract> (contract: C): C {
  refuseUnknown(contract, ['procedures', 'topics'], 'contract')
  return contract
}

/** The TypeScript types of a procedure's payloads. */
export interface ProcedureTypes extends TopicTypes {
  /** The type of the single value of the result. */
  readonly result: unknown
  /** The type of the single value of each progressive result. */
  readonly progress: unknown
}

/** The TypeScript types of a topic's payloads. */
export interface TopicTypes {
  /** The type of the positional values. */
  readonly args: unknown[]
  /** The type of the keyword values. */
  readonly kwargs: object
}

/** The TypeScript types of an API. */
export interface Api {
  /** The procedures, by URI. */
  readonly procedures: Readonly<Record<Uri, ProcedureTypes>>
  /** The topics, by URI. */
  readonly topics: Readonly<Record<Uri, TopicTypes>>
}

type Meant<P extends SchemaTypes, S> = (P & { schema: S })['validator']
type OfKey<P extends SchemaTypes, E, K extends string, Absent> = E extends { readonly [key in K]: infer S } ? Meant<P, S> : Absent
type ArgsOf<P extends SchemaTypes, E> = OfKey<P, E, 'args', []> extends infer A ? A extends unknown[] ? A : unknown[] : never
type KwargsOf<P extends SchemaTypes, E> = OfKey<P, E, 'kwargs', NoKwargs> extends infer K ? K extends object ? K : Kwargs : never
type NoKwargs = Record<never, never>

/**
 * The TypeScript types of a contract: `ApiOf<typeof contract>`. To interpret its schemas with a type provider of Fastify, pass it as well:
 * `ApiOf<typeof contract, TypeBoxTypeProvider>`.
 */
export interface ApiOf<C extends Contract, P extends SchemaTypes = JsonSchemaTypes> {
  /** The procedures, by URI. */
  readonly procedures: { readonly [U in keyof C['procedures']]: {
    readonly args: ArgsOf<P, C['procedures'][U]>
    readonly kwargs: KwargsOf<P, C['procedures'][U]>
    readonly result: OfKey<P, C['procedures'][U], 'result', unknown>
    readonly progress: OfKey<P, C['procedures'][U], 'progress', unknown>
  } }
  /** The topics, by URI. */
  readonly topics: { readonly [U in keyof C['topics']]: {
    readonly args: ArgsOf<P, C['topics'][U]>
    readonly kwargs: KwargsOf<P, C['topics'][U]>
  } }
}

/** The API type that a contract's type defines. If the type is already an API, it is unchanged. */
export type ApiFrom<A extends Api | Contract> = A extends Api ? A : A extends Contract ? ApiOf<A> : never
