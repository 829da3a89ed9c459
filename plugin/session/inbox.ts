import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage, MessageCode } from '../protocol/message.ts'
import { Queue } from '../queue.ts'
import type { ParkedRequest } from '../realm/parked-request.ts'
import { enqueue, isTurnOver, spend } from '../work.ts'
import type { Worker } from '../work.ts'

const { Publish, Subscribe, Unsubscribe, Call, Register, Unregister, Goodbye } = MessageType
// Answers do not wait: two authorizers that wait for each other's would never end.
const waits: ReadonlySet<MessageCode> = new Set([Publish, Subscribe, Unsubscribe, Call, Register, Unregister, Goodbye])

/** Bytes that a waiting message takes beside those that it had on the wire. */
const BYTES_OF_MESSAGE = 512
/** Units of work that it takes to read a message that waits, and to have it wait. */
const UNITS_OF_WAITING = 8

interface Waiting { readonly message: ClientMessage, readonly bytes: number, state: 'waiting' | 'canceled' }

/** What a client has sent while an authorizer thinks about what it sent before: it keeps its order [basic, Ordering Guarantees]. */
export class Inbox implements Worker {
  readonly #limit: number
  readonly #take: (message: ClientMessage) => void
  readonly #failed: (error: unknown) => void
  readonly #flow: { pause (): void, resume (): void }
  #parked: { readonly message: ClientMessage, readonly request: ParkedRequest } | null = null
  readonly #waiting = new Queue<Waiting>()
  /** The CALLs that wait, by their ids: further input of a progressive call has the same. */
  readonly #calls = new Map<Id, Waiting[]>()
  #bytes = 0

  constructor ({ limit, take, failed, flow }: {
    /** Bytes that may wait before the client is no longer read. */
    limit: number
    /** Handles a message whose turn has come. Never throws. */
    take: (message: ClientMessage) => void
    /** Told what acting upon a parked request threw. Never throws. */
    failed: (error: unknown) => void
    flow: { pause (): void, resume (): void }
  }) {
    this.#limit = limit
    this.#take = take
    this.#failed = failed
    this.#flow = flow
  }

  /** Has a message of so many bytes wait, if it must. False if it is its turn at once. */
  hold (message: ClientMessage, size: number): boolean {
    if ((this.#parked === null && this.#waiting.size === 0) || !waits.has(message.type)) return false
    spend(UNITS_OF_WAITING)
    const waiting: Waiting = { message, bytes: size + BYTES_OF_MESSAGE, state: 'waiting' }
    this.#waiting.add(waiting)
    if (message.type === Call) this.#note(message.request, waiting)
    if (this.#bytes <= this.#limit && this.#bytes + waiting.bytes > this.#limit) this.#flow.pause()
    this.#bytes += waiting.bytes
    return true
  }

  /** From now on messages wait for this one. */
  park (message: ClientMessage, request: ParkedRequest): void {
    this.#parked = { message, request }
    request.settled.then(() => { this.#unpark(request) }, this.#failed)
  }

  /** Drops a CALL that waits, or whose authorizer thinks. False if there is none. What waited behind it goes on in a turn of its own. */
  cancel (call: Id): boolean {
    const waiting = this.#calls.get(call)
    this.#calls.delete(call)
    for (const one of waiting ?? []) one.state = 'canceled'
    if (this.#parked?.message.type !== Call || this.#parked.message.request !== call) return waiting !== undefined
    const { request } = this.#parked
    request.abandon('canceled')
    queueMicrotask(() => { this.#unpark(request) })
    return true
  }

  /** Takes the next message. False if none is left, or one has to wait for its authorizer. */
  work (): boolean {
    if (this.#parked !== null) return false
    const next = this.#waiting.take()
    if (next === undefined) return false
    this.#shrinkTo(this.#bytes - next.bytes)
    this.#forget(next)
    if (next.state === 'waiting') this.#take(next.message)
    else spend(1)
    return this.#parked === null && this.#waiting.size > 0
  }

  /** Drops all. */
  close (): void {
    this.#parked?.request.abandon('gone')
    this.#parked = null
    this.#waiting.clear()
    this.#calls.clear()
    this.#shrinkTo(0)
  }

  #unpark (request: ParkedRequest): void {
    if (this.#parked?.request !== request) return
    this.#parked = null
    while (!isTurnOver()) if (!this.work()) return
    if (this.#waiting.size > 0) enqueue(this)
  }

  #note (call: Id, waiting: Waiting): void {
    const noted = this.#calls.get(call)
    if (noted === undefined) this.#calls.set(call, [waiting])
    else noted.push(waiting)
  }

  /** A CALL no longer waits: those of one id are taken in the order in which they were noted. */
  #forget ({ message, state }: Waiting): void {
    if (message.type !== Call || state === 'canceled') return
    const noted = this.#calls.get(message.request)
    if (noted === undefined || noted.length === 1) this.#calls.delete(message.request)
    else noted.shift()
  }

  #shrinkTo (bytes: number): void {
    if (this.#bytes > this.#limit && bytes <= this.#limit) this.#flow.resume()
    this.#bytes = bytes
  }
}
