import type { Codec } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { CloseKind, Delivery, Transport, TransportDetails } from './transport.ts'

const details: TransportDetails = Object.freeze({ type: 'in-process' })

/**
 * The router's end of a link to a peer in this process. Messages are objects and stay objects. They are handed over
 * after the code at work, in order, so that nothing re-enters the router while it routes.
 */
export class InProcessTransport implements Transport {
  readonly details = details
  readonly #receive: (message: RouterMessage) => void
  readonly #closed: (kind: CloseKind) => void
  readonly #codec: Codec | null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #queue: RouterMessage[] = []

  constructor ({ receive, closed, codec = null }: {
    /** Takes a message of the router. Must not throw. */
    receive: (message: RouterMessage) => void
    /** Told once, after the last message. Must not throw. */
    closed: (kind: CloseKind) => void
    /** Through which payloads go to the peer, as they would on the wire; null if they stay values. @default null */
    codec?: Codec | null
  }) {
    this.#receive = receive
    this.#closed = closed
    this.#codec = codec
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    if (this.#codec !== null) {
      try {
        message = coded(message, this.#codec)
      } catch {
        return 'unencodable'
      }
    }
    if (this.#queue.push(message) === 1) queueMicrotask(() => { this.#deliver() })
    return 'sent'
  }

  caughtUp (): null {
    return null
  }

  // Nothing is read here: the app itself is at the other end.
  pause (): void {}
  resume (): void {}

  close (kind: CloseKind): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    queueMicrotask(() => {
      this.#deliver()
      this.#state = 'closed'
      this.#closed(kind)
    })
  }

  #deliver (): void {
    const queue = this.#queue
    this.#queue = []
    for (const message of queue) this.#receive(message)
  }
}

/** Throws an EncodingError. */
function coded (message: RouterMessage, codec: Codec): RouterMessage {
  return 'payload' in message ? { ...message, payload: Payload.ofBytes(codec, message.payload.in(codec)) } : message
}
