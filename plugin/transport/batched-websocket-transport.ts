import type { Batching } from '../codec/batching.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { spendOctets } from '../work.ts'
import type { Intake } from './intake.ts'
import type { FrameBuilder } from './websocket-frame.ts'
import { WebsocketTransport } from './websocket-transport.ts'

/**
 * WAMP over a batched WebSocket subprotocol [advanced, Message Batching]. The messages of one turn are sent as one batch. For a slow peer,
 * each message is a separate batch, stored by reference like any frame.
 */
export class BatchedWebsocketTransport extends WebsocketTransport {
  readonly #batching: Batching
  readonly #framesOf: (batching: Batching) => FrameBuilder
  #heard: 'nothing' | 'batches' = 'nothing'

  constructor ({ batching, framesOf, ...connection }: Omit<ConstructorParameters<typeof WebsocketTransport>[0], 'codec' | 'frames'> & {
    batching: Batching
    /** The builder of frames that contain a batch. */
    framesOf: (batching: Batching) => FrameBuilder
  }) {
    super({ ...connection, codec: batching.codec, frames: framesOf(batching) })
    this.#batching = batching
    this.#framesOf = framesOf
  }

  protected override arrive (intake: Intake, batch: Buffer): void {
    intake.receiveBatch(this.#messagesOf(batch), batch.length)
  }

  /** The messages of a batch, one by one, because there may be a million. None if it is malformed. */
  * #messagesOf (batch: Buffer): Generator<Buffer, void> {
    spendOctets(batch.length)
    const fault = this.#batching.faultOf(batch)
    if (fault !== null) return this.fail(new ProtocolViolation(fault))
    if (this.#heard === 'nothing') this.answerBy(this.#framesOf(this.#batching.answering(batch)))
    this.#heard = 'batches'
    yield * this.#batching.split(batch)
  }
}
