import type { Batching } from '../codec/batching.ts'
import { spendOctets } from '../work.ts'
import type { Codec } from '../codec/codec.ts'
import type { Framing, FramingClass, Framings } from './framing.ts'

/** The connection whose messages come in batches. */
interface BatchOwner {
  /** A batch is malformed. */
  fail (fault: string): void
  /** Sends messages in another form from now on. */
  answerIn (framing: Framing): void
}

/** The batches of one peer [advanced, Message Batching]. */
export class Batches {
  readonly #batching: Batching
  readonly #framingOf: (batching: Batching) => Framing
  #heard: 'nothing' | 'batches' = 'nothing'

  /** `framingOf` returns the framing of frames that contain a batch. */
  constructor (batching: Batching, framingOf: (batching: Batching) => Framing) {
    this.#batching = batching
    this.#framingOf = framingOf
  }

  /** The messages of a batch, one by one, because there may be a million. None if it is malformed. */
  * messagesOf (batch: Buffer, owner: BatchOwner): Generator<Buffer, void> {
    spendOctets(batch.length)
    const fault = this.#batching.faultOf(batch)
    if (fault !== null) return owner.fail(fault)
    if (this.#heard === 'nothing') owner.answerIn(this.#framingOf(this.#batching.answering(batch)))
    this.#heard = 'batches'
    yield * this.#batching.split(batch)
  }
}

/** The form of the messages of a subprotocol in both directions, with the framings for messages and for batches. */
export function formOf (
  { codec, batching }: { readonly codec: Codec, readonly batching: Batching | null }, framings: Framings, [Messages, OfBatches]: readonly [FramingClass, FramingClass]
): { readonly framing: Framing, readonly batches: Batches | null } {
  if (batching === null) return { framing: framings.of(codec, Messages), batches: null }
  return { framing: framings.of(batching, OfBatches), batches: new Batches(batching, (batching) => framings.of(batching, OfBatches)) }
}
