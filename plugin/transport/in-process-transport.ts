import type { Codec } from '../codec/codec.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { PayloadCodec, Values } from '../protocol/payload.ts'
import { Queue } from '../queue.ts'
import { nextTurn, spend, spendOctets } from '../work.ts'
import type { CloseKind, Delivery, Transport, TransportDetails } from './transport.ts'

/** Units of work to deliver a call, and an event, to a session of this process. */
const UNITS_OF_INVOCATION = 240
const UNITS_OF_EVENT = 50

const details: TransportDetails = Object.freeze({ type: 'in-process' })

/** The values of a message without a payload. They are never read. */
const none: Values = Object.freeze({ args: [], kwargs: {} })

/** `values` is null if they are read when the message is handed over, or never. */
interface Queued { readonly message: RouterMessage, readonly values: Values | null }

/**
 * The router's end of a link to a peer in this process. Messages are objects and stay objects. They are handed over
 * after the code at work, in order, so that nothing re-enters the router while it routes. Payloads are read before that: a
 * value without a form in JavaScript is answered like one without a form in a serializer. Only retained events are read one by one, as
 * they are handed over, in turns: one subscription may bring many, and their values take far more memory than their bytes. The payload of an
 * event is not read if the peer takes it in a serializer: it is encoded once for all such peers.
 */
export class InProcessTransport implements Transport {
  readonly details = details
  readonly #receive: (message: RouterMessage, values: Values) => void
  readonly #closed: (kind: CloseKind) => void
  readonly #codec: Codec | null
  readonly #codecOf: (subscription: Id) => PayloadCodec | null
  readonly #unitsOfInvocation: number
  #state: 'open' | 'closing' | 'closed' = 'open'
  readonly #queue = new Queue<Queued>()
  /** `later`: the next message waits for a turn. */
  #delivery: 'idle' | 'soon' | 'later' = 'idle'

  constructor ({ receive, closed, codec = null, codecOf = () => null, unitsOfInvocation = UNITS_OF_INVOCATION }: {
    /** Takes a message of the router, and the values of its payload, which belong to the receiver. Must not throw. */
    receive: (message: RouterMessage, values: Values) => void
    /** Told once, after the last message. Must not throw. */
    closed: (kind: CloseKind) => void
    /** Through which payloads go to the peer, as they would on the wire; null if they stay values. @default null */
    codec?: Codec | null
    /** The serializer in which the peer takes the events of a subscription, or null if it takes values. @default null */
    codecOf?: (subscription: Id) => PayloadCodec | null
    /** Units of work that the peer takes for a call. They are counted when it is sent: the work itself comes when others cannot be kept from theirs. */
    unitsOfInvocation?: number
  }) {
    this.#receive = receive
    this.#closed = closed
    this.#codec = codec
    this.#codecOf = codecOf
    this.#unitsOfInvocation = unitsOfInvocation
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    if (message.type === MessageType.Invocation) spend(this.#unitsOfInvocation)
    else if (message.type === MessageType.Event) spend(UNITS_OF_EVENT)
    const values = !('payload' in message) ? none : isRetained(message) ? null : this.#valuesOf(message)
    if (values === undefined) return 'unencodable'
    this.#queue.add({ message, values })
    if (this.#delivery === 'idle') {
      this.#delivery = 'soon'
      queueMicrotask(() => { this.#deliver() })
    }
    return 'sent'
  }

  takes (payload: Payload): boolean {
    return payload.hasForm(this.#codec)
  }

  get isLosing (): boolean {
    return false
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
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      const wait = isRetained(next.message) && this.#state === 'open' ? nextTurn(this) : null
      if (wait !== null) {
        this.#queue.putBack(next)
        this.#delivery = 'later'
        wait.then(() => { this.#deliver() })
        return
      }
      this.#hand(next)
    }
    this.#delivery = 'idle'
  }

  #hand ({ message, values }: Queued): void {
    if (values !== null) return this.#receive(message, values)
    if (!('payload' in message)) return
    if (isRetained(message)) {
      // Nobody waits for what was retained any more when the session is over.
      if (this.#state !== 'open') return
      spendOctets(message.payload.size)
    }
    const read = this.#valuesOf(message)
    // As for all others: a peer that cannot represent an event does not receive it.
    if (read !== undefined) this.#receive(message, read ?? none)
  }

  /** The values of a payload, null if the peer takes it in a serializer, or undefined if the peer cannot be given the payload. */
  #valuesOf (message: RouterMessage & { readonly payload: Payload }): Values | null | undefined {
    const { payload } = message
    const codec = message.type === MessageType.Event ? this.#codecOf(message.subscription) : null
    // The peer itself decides what to do with values that have no form in its serializer.
    if (codec !== null) return payload.isIn(codec) || this.takes(payload) ? null : undefined
    if (payload.hasFailed(this.#codec)) return undefined
    try {
      return this.#read(payload)
    } catch {
      return undefined
    }
  }

  /** Throws for a value that has no form in the codec, or in JavaScript. */
  #read (payload: Payload): Values {
    return this.#codec === null ? payload.values() : Payload.ofBytes(this.#codec, payload.in(this.#codec)).values()
  }
}

function isRetained (message: RouterMessage): boolean {
  return message.type === MessageType.Event && message.details['retained'] === true
}
