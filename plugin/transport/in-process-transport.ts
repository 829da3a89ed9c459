import { OCTETS_OF_ENTRY } from '../backlog.ts'
import type { StandardCodec } from '../codec/codec.ts'
import type { Held, HeldValues } from '../held-values.ts'
import { memoryOf } from '../memory-of.ts'
import { sizeOfEvent } from '../protocol/event-size.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { EventMessage, Invocation, Result, RouterMessage } from '../protocol/message.ts'
import { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/payload.ts'
import { Queue } from '../queue.ts'
import { nextTurn, spend, spendOctets } from '../work.ts'
import type { CloseKind, Delivery, Transport, TransportDetails } from './transport.ts'

/** Units of work to deliver a call, and an event, to a session of this process. */
const UNITS_OF_INVOCATION = 240
const UNITS_OF_EVENT = 50

const details: TransportDetails = Object.freeze({ type: 'in-process' })

/** The values of a message without a payload, or whose payload the peer decodes. They are never read. */
const none: Values = Object.freeze({ args: [], kwargs: {} })

/** `octets` is what an event takes that waits for retained ones before it. */
interface Queued { readonly message: RouterMessage, readonly values: Values, readonly held: Held | null, readonly octets: number }

/**
 * The router's end of a link to a peer in this process. Messages are objects and stay objects. They are handed over
 * after the code at work, in order, so that nothing re-enters the router while it routes. Payloads are read before that: a
 * value without a form in JavaScript is answered like one without a form in a serializer. The values of a call count for
 * `limits.heldBytes` until the peer releases them. The peer itself decodes events, and results that it keeps: they may wait there, and their
 * values take far more memory than their octets. Retained events are handed over in turns, because one subscription may bring many. Events that
 * wait for them meanwhile are limited in octets. Answers to calls do not wait for them: a callee can send any number of progressive results.
 */
export class InProcessTransport implements Transport {
  readonly details = details
  readonly #receive: (message: RouterMessage, values: Values, held: Held | null) => void
  readonly #closed: (kind: CloseKind) => void
  readonly #codec: StandardCodec | null
  readonly #decodes: (message: Result) => boolean
  readonly #wants: (subscription: Id) => boolean
  readonly #held: HeldValues | null
  readonly #bufferedBytes: number
  readonly #unitsOfInvocation: number
  #state: 'open' | 'closing' | 'closed' = 'open'
  #queue = new Queue<Queued>()
  #octets = 0
  /** `later`: the next message waits for a turn. */
  #delivery: 'idle' | 'soon' | 'later' = 'idle'
  /** True after the GOODBYE of the router. */
  #isOver = false
  /** Delivers the messages that wait for a turn, without it. */
  #leave: () => void = () => {}

  constructor ({ receive, closed, codec = null, decodes = () => false, wants = () => true, held = null, bufferedEventBytes = Infinity, unitsOfInvocation = UNITS_OF_INVOCATION }: {
    /** Takes a message of the router, and the values of its payload, which belong to the receiver. It releases what is held. Must not throw. */
    receive: (message: RouterMessage, values: Values, held: Held | null) => void
    /** Told once, after the last message. Must not throw. */
    closed: (kind: CloseKind) => void
    /** Through which payloads go to the peer, as they would on the wire; null if they stay values. @default null */
    codec?: StandardCodec | null
    /** True for a result whose payload the peer decodes with `read`, as it does for all events. @default none */
    decodes?: (result: Result) => boolean
    /** True if the peer still wants the events of a subscription. @default all */
    wants?: (subscription: Id) => boolean
    /** Where the values of calls count; null if they do not. @default null */
    held?: HeldValues | null
    /** The maximum octets of events that wait for retained events before them. @default Infinity */
    bufferedEventBytes?: number
    /** Units of work that the peer takes for a call. They are counted when it is sent: the work itself comes when others cannot be kept from theirs. */
    unitsOfInvocation?: number
  }) {
    this.#receive = receive
    this.#closed = closed
    this.#codec = codec
    this.#decodes = decodes
    this.#wants = wants
    this.#held = held
    this.#bufferedBytes = bufferedEventBytes
    this.#unitsOfInvocation = unitsOfInvocation
  }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    switch (message.type) {
      case MessageType.Invocation: return this.#invoke(message)
      case MessageType.Event: return this.#event(message)
      default:
    }
    const isRead = 'payload' in message && !(message.type === MessageType.Result && this.#decodes(message))
    const values = isRead ? this.read(message.payload) : none
    return values === undefined ? 'unencodable' : this.#add({ message, values, held: null, octets: 0 })
  }

  takes (payload: Payload): boolean {
    return payload.hasForm(this.#codec)
  }

  /** The values of a payload, or undefined if the peer cannot be given the payload. */
  read (payload: Payload): Values | undefined {
    if (payload.hasFailed(this.#codec)) return undefined
    try {
      return this.#codec === null ? payload.values() : Payload.ofBytes(this.#codec, payload.in(this.#codec)).values()
    } catch {
      return undefined
    }
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

  /** A call whose octets alone are too many is not decoded. */
  #invoke (message: Invocation): Delivery {
    spend(this.#unitsOfInvocation)
    const { payload, sharer } = message
    if (this.#held?.hasRoom(sharer, payload.size) === false) return this.#full(this.#held)
    const values = this.read(payload)
    if (values === undefined) return 'unencodable'
    const bytes = this.#held === null ? 0 : memoryOf(values)
    if (this.#held?.hasRoom(sharer, bytes) === false) return this.#full(this.#held)
    return this.#add({ message, values, held: this.#held?.hold(sharer, bytes) ?? null, octets: 0 })
  }

  #full (held: HeldValues): Delivery {
    held.tell('a call of a procedure of the app was refused')
    return 'full'
  }

  #event (message: EventMessage): Delivery {
    spend(UNITS_OF_EVENT)
    // The payload of a retained event is stored anyway.
    if (this.#delivery !== 'later' || message.details.retained === true) return this.#add({ message, values: none, held: null, octets: 0 })
    const octets = sizeOfEvent(message) + OCTETS_OF_ENTRY
    if (this.#octets + octets > this.#bufferedBytes) return 'congested'
    this.#octets += octets
    return this.#add({ message: { ...message, payload: message.payload.detached() }, values: none, held: null, octets })
  }

  #add (queued: Queued): Delivery {
    if (this.#delivery === 'later' && isAnswerToCall(queued.message)) {
      queueMicrotask(() => { this.#receive(queued.message, queued.values, null) })
      return 'sent'
    }
    this.#queue.add(queued)
    if (queued.message.type === MessageType.Goodbye) {
      // The session no longer wants the retained events before it. Clients can open and leave sessions faster than there are turns.
      this.#isOver = true
      this.#leave()
    }
    if (this.#delivery === 'idle') {
      this.#delivery = 'soon'
      queueMicrotask(() => { this.#deliver() })
    }
    return 'sent'
  }

  #deliver (): void {
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      const { message, values, held, octets } = next
      if (message.type === MessageType.Event && message.details.retained === true) {
        // Nobody waits for what was retained any more when the session or the subscription is over.
        if (this.#state !== 'open' || this.#isOver || !this.#wants(message.subscription)) continue
        const wait = nextTurn(this, (leave) => { this.#leave = leave })
        if (wait !== null) {
          this.#queue.putBack(next)
          if (this.#delivery === 'soon') this.#letAnswersOvertake()
          wait.then(() => { this.#deliver() })
          return
        }
        spendOctets(message.payload.size)
      }
      this.#octets -= octets
      this.#receive(message, values, held)
    }
    this.#delivery = 'idle'
  }

  #letAnswersOvertake (): void {
    this.#delivery = 'later'
    const others = new Queue<Queued>()
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      if (isAnswerToCall(next.message)) this.#receive(next.message, next.values, null)
      else others.add(next)
    }
    this.#queue = others
  }
}

function isAnswerToCall (message: RouterMessage): boolean {
  return message.type === MessageType.Result || (message.type === MessageType.Error && message.requestType === MessageType.Call)
}
