import type { Codec } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/payload.ts'
import type { CloseKind, Delivery, Transport, TransportDetails } from './transport.ts'

const details: TransportDetails = Object.freeze({ type: 'in-process' })

/** The values of a message without a payload. They are never read. */
const none: Values = Object.freeze({ args: [], kwargs: {} })

interface Queued { readonly message: RouterMessage, readonly values: Values }

/**
 * The router's end of a link to a peer in this process. Messages are objects and stay objects. They are handed over
 * after the code at work, in order, so that nothing re-enters the router while it routes. Payloads are read before that: a
 * value without a form in JavaScript is answered like one without a form in a serializer.
 */
export class InProcessTransport implements Transport {
  readonly details = details
  readonly #receive: (message: RouterMessage, values: Values) => void
  readonly #closed: (kind: CloseKind) => void
  readonly #codec: Codec | null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #queue: Queued[] = []

  constructor ({ receive, closed, codec = null }: {
    /** Takes a message of the router, and the values of its payload, which belong to the receiver. Must not throw. */
    receive: (message: RouterMessage, values: Values) => void
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
    let values = none
    if ('payload' in message) {
      try {
        values = this.#read(message.payload)
      } catch {
        return 'unencodable'
      }
    }
    if (this.#queue.push({ message, values }) === 1) queueMicrotask(() => { this.#deliver() })
    return 'sent'
  }

  takes (payload: Payload): boolean {
    return payload.hasForm(this.#codec)
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
    for (const { message, values } of queue) this.#receive(message, values)
  }

  /** Throws for a value that has no form in the codec, or in JavaScript. */
  #read (payload: Payload): Values {
    return this.#codec === null ? payload.values() : Payload.ofBytes(this.#codec, payload.in(this.#codec)).values()
  }
}
