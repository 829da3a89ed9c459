import type { Batching } from '../codec/batching.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { spendOctets } from '../work.ts'
import type { Intake } from './intake.ts'
import type { FrameBuilder } from './websocket-frame.ts'
import { WebsocketTransport } from './websocket-transport.ts'

/**
 * WAMP over a batched WebSocket subprotocol [advanced, Message Batching]. What is sent in one turn leaves as one batch;
 * to a peer that is behind, each message as a batch of its own, by reference like any frame.
 */
export class BatchedWebsocketTransport extends WebsocketTransport {
  readonly #batching: Batching
  readonly #framesOf: (batching: Batching) => FrameBuilder
  #heard: 'nothing' | 'batches' = 'nothing'

  constructor ({ batching, framesOf, ...connection }: Omit<ConstructorParameters<typeof WebsocketTransport>[0], 'codec' | 'frames'> & {
    batching: Batching
    /** The builder of frames that hold a batch. */
    framesOf: (batching: Batching) => FrameBuilder
  }) {
    super({ ...connection, codec: batching.codec, frames: framesOf(batching) })
    this.#batching = batching
    this.#framesOf = framesOf
  }

  protected override arrive (intake: Intake, batch: Buffer): void {
    intake.receiveBatch(this.#messagesOf(batch), batch.length)
  }

  /** The messages of a batch, one by one: it may hold a million. None if it is not a batch. */
  * #messagesOf (batch: Buffer): Generator<Buffer, void> {
    spendOctets(batch.length)
    const fault = this.#batching.faultOf(batch)
    if (fault !== null) return this.fail(new ProtocolViolation(fault))
    if (this.#heard === 'nothing') this.answerBy(this.#framesOf(this.#batching.answering(batch)))
    this.#heard = 'batches'
    yield * this.#batching.split(batch)
  }
}
