import { batchings } from './batching.ts'
import type { Batching } from './batching.ts'
import type { Codec } from './codec.ts'
import { codecs } from './codecs.ts'

/** A WebSocket subprotocol: a serializer, whose messages come one by one or in batches. */
export interface Subprotocol {
  /** Such as `wamp.2.json` or `wamp.2.json.batched`. */
  readonly name: string
  readonly codec: Codec
  /** Null where each message is a WebSocket message. */
  readonly batching: Batching | null
}

const all: readonly Subprotocol[] = [
  ...[...codecs.values()].map((codec) => ({ name: codec.subprotocol, codec, batching: null })),
  ...batchings.map((batching) => ({ name: `${batching.codec.subprotocol}.batched`, codec: batching.codec, batching }))
]

/** All subprotocols by their names. */
export const subprotocols: ReadonlyMap<string, Subprotocol> = new Map(all.map((subprotocol) => [subprotocol.name, subprotocol]))

/** The first of the client's subprotocols that is offered, or undefined. */
export function chooseSubprotocol (names: readonly unknown[], offered: ReadonlyMap<string, Subprotocol>): Subprotocol | undefined {
  for (const name of names) {
    const subprotocol = typeof name === 'string' ? offered.get(name) : undefined
    if (subprotocol !== undefined) return subprotocol
  }
  return undefined
}
