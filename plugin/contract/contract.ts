import type { Uri } from '../protocol/uri.ts'
import type { Kwargs } from '../protocol/values.ts'
import type { JsonSchema, JsonSchemaTypes, SchemaTypes } from './schema-types.ts'

/** What the payloads of a procedure are. What has no schema must be absent; a result without one may be anything. */
export interface ProcedureContract {
  /** For people: the reference, and the route's summary. */
  readonly description?: string
  /** The list of positional arguments. */
  readonly args?: JsonSchema
  /** The object of keyword arguments. */
  readonly kwargs?: JsonSchema
  /** The result's one value. */
  readonly result?: JsonSchema
  /** The one value of each result by progress. */
  readonly progress?: JsonSchema
  /** The errors that it raises, and as what HTTP status a route answers with them. */
  readonly errors?: Readonly<Record<Uri, number>>
}

/** What the events of a topic carry. What has no schema must be absent. */
export interface TopicContract {
  /** For people: the reference. */
  readonly description?: string
  /** The list of positional values. */
  readonly args?: JsonSchema
  /** The object of values by name. */
  readonly kwargs?: JsonSchema
}

/** The procedures and topics of an API, by their URIs: what a router checks, types say, and people read. */
export interface Contract {
  /** By their URIs. */
  readonly procedures?: Readonly<Record<Uri, ProcedureContract>>
  /** By their URIs. */
  readonly topics?: Readonly<Record<Uri, TopicContract>>
}

/** Writes a contract down: what is given, with its type kept as it stands. */
export function wampContract<const C extends Contract> (contract: C): C {
  return contract
}

/** The TypeScript types of a procedure's payloads. */
export interface ProcedureTypes extends TopicTypes {
  /** The type of the result's one value. */
  readonly result: unknown
  /** The type of the one value of each result by progress. */
  readonly progress: unknown
}

/** The TypeScript types of a topic's payloads. */
export interface TopicTypes {
  /** The type of the positional values. */
  readonly args: unknown[]
  /** The type of the values by name. */
  readonly kwargs: object
}

/** An API as TypeScript knows it. */
export interface Api {
  /** By their URIs. */
  readonly procedures: Readonly<Record<Uri, ProcedureTypes>>
  /** By their URIs. */
  readonly topics: Readonly<Record<Uri, TopicTypes>>
}

type Meant<P extends SchemaTypes, S> = (P & { schema: S })['validator']
type OfKey<P extends SchemaTypes, E, K extends string, Absent> = E extends { readonly [key in K]: infer S } ? Meant<P, S> : Absent
type ArgsOf<P extends SchemaTypes, E> = OfKey<P, E, 'args', []> extends infer A ? A extends unknown[] ? A : unknown[] : never
type KwargsOf<P extends SchemaTypes, E> = OfKey<P, E, 'kwargs', NoKwargs> extends infer K ? K extends object ? K : Kwargs : never
type NoKwargs = Record<never, never>

/**
 * The types of a contract: `ApiOf<typeof contract>`. A type provider of Fastify may tell what its schemas mean:
 * `ApiOf<typeof contract, TypeBoxTypeProvider>`.
 */
export interface ApiOf<C extends Contract, P extends SchemaTypes = JsonSchemaTypes> {
  /** By their URIs. */
  readonly procedures: { readonly [U in keyof C['procedures']]: {
    readonly args: ArgsOf<P, C['procedures'][U]>
    readonly kwargs: KwargsOf<P, C['procedures'][U]>
    readonly result: OfKey<P, C['procedures'][U], 'result', unknown>
    readonly progress: OfKey<P, C['procedures'][U], 'progress', unknown>
  } }
  /** By their URIs. */
  readonly topics: { readonly [U in keyof C['topics']]: {
    readonly args: ArgsOf<P, C['topics'][U]>
    readonly kwargs: KwargsOf<P, C['topics'][U]>
  } }
}

/** The API that is meant by a contract's type, or by itself. */
export type ApiFrom<A extends Api | Contract> = A extends Api ? A : A extends Contract ? ApiOf<A> : never
