import type { Batching } from '../codec/batching.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import type { FrameBuilder } from './websocket-frame.ts'
import { WebsocketTransport } from './websocket-transport.ts'
import type { TransportListener } from './transport.ts'

/**
 * Octets that are taken in one turn, as many as one read from a socket brings. A batch may hold a hundred thousand
 * messages: the others have their turns, and what these are answered with leaves, before it goes on.
 */
const TURN = 65536

/**
 * WAMP over a batched WebSocket subprotocol [advanced, Message Batching]. What is sent in one turn leaves as one batch;
 * to a peer that is behind, each message as a batch of its own, by reference like any frame.
 */
export class BatchedWebsocketTransport extends WebsocketTransport {
  readonly #batching: Batching
  readonly #framesOf: (batching: Batching) => FrameBuilder
  #heard: 'nothing' | 'batches' = 'nothing'
  /** Batches, the first of which may be what is left of one. */
  #waiting: Buffer[] = []

  constructor ({ batching, framesOf, ...connection }: Omit<ConstructorParameters<typeof WebsocketTransport>[0], 'codec' | 'frames'> & {
    batching: Batching
    /** The builder of frames that hold a batch. */
    framesOf: (batching: Batching) => FrameBuilder
  }) {
    super({ ...connection, codec: batching.codec, frames: framesOf(batching) })
    this.#batching = batching
    this.#framesOf = framesOf
  }

  protected override receive (listener: TransportListener, batch: Buffer): void {
    if (this.#waiting.push(batch) > 1) return // behind one that is not done
    this.#take(listener, TURN)
    if (this.#waiting.length === 0) return
    this.pause()
    setImmediate(() => { this.#goOn(listener) })
  }

  protected override finish (listener: TransportListener): void {
    this.#take(listener, Infinity)
  }

  #goOn (listener: TransportListener): void {
    this.#take(listener, TURN)
    if (this.#waiting.length > 0) setImmediate(() => { this.#goOn(listener) })
    else this.resume()
  }

  /** Takes messages of so many octets, or all that there are. */
  #take (listener: TransportListener, octets: number): void {
    for (let left = octets; left > 0 && this.isOpen && this.#waiting.length > 0;) {
      const batch = this.#waiting.shift()!
      const taken = this.#takeOf(batch, listener, left)
      if (taken < batch.length) this.#waiting.unshift(batch.subarray(taken))
      left -= taken
    }
    // After a violation what follows is of no interest.
    if (!this.isOpen) this.#waiting = []
  }

  /** The same of one batch. What is left of it is a batch again. */
  #takeOf (batch: Buffer, listener: TransportListener, octets: number): number {
    const fault = this.#batching.faultOf(batch)
    if (fault !== null) {
      listener.fail(new ProtocolViolation(fault))
      return batch.length
    }
    if (this.#heard === 'nothing') this.answerBy(this.#framesOf(this.#batching.answering(batch)))
    this.#heard = 'batches'
    let taken = 0
    for (const message of this.#batching.split(batch)) {
      super.receive(listener, message)
      taken += message.length + this.#batching.overhead
      if (taken >= octets || !this.isOpen) break
    }
    return taken
  }
}
