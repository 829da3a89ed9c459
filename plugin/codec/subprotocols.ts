import { batchingOf } from './batching.ts'
import type { Batching } from './batching.ts'
import type { Codec } from './codec.ts'

/** A WebSocket subprotocol: a serializer, whose messages come one by one or in batches. */
export interface Subprotocol {
  /** Such as `wamp.2.json` or `wamp.2.json.batched`. */
  readonly name: string
  readonly codec: Codec
  /** Null where each message is a WebSocket message. */
  readonly batching: Batching | null
}

/** The subprotocols of some codecs by their names, if `batched` with their batched variants. */
export function subprotocolsOf (codecs: readonly Codec[], batched: boolean): ReadonlyMap<string, Subprotocol> {
  const single = codecs.map((codec) => ({ name: codec.subprotocol, codec, batching: null }))
  const all: readonly Subprotocol[] = batched ? [...single, ...codecs.flatMap(batchedVariant)] : single
  return new Map(all.map((subprotocol) => [subprotocol.name, subprotocol]))
}

function batchedVariant (codec: Codec): Subprotocol[] {
  const batching = batchingOf(codec)
  return batching === null ? [] : [{ name: `${codec.subprotocol}.batched`, codec, batching }]
}

/** The first of the client's subprotocols that is offered, or undefined. */
export function chooseSubprotocol (names: readonly unknown[], offered: ReadonlyMap<string, Subprotocol>): Subprotocol | undefined {
  for (const name of names) {
    const subprotocol = typeof name === 'string' ? offered.get(name) : undefined
    if (subprotocol !== undefined) return subprotocol
  }
  return undefined
}
