import type { Deadlines } from '../deadlines.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Call, ClientMessage, MessageCode } from '../protocol/message.ts'
import { Queue } from '../queue.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { ParkedRequest } from '../realm/parked-request.ts'
import type { Realm } from '../realm/realm.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import { enqueue, isTurnOver, spend } from '../work.ts'
import type { Worker } from '../work.ts'
import type { RequestIds } from './request-ids.ts'
import type { SessionHost } from './session-host.ts'

const { Publish, Subscribe, Unsubscribe, Register, Unregister, Goodbye } = MessageType
// Answers do not wait: two authorizers that wait for each other's would never end.
const waits: ReadonlySet<MessageCode> = new Set([Publish, Subscribe, Unsubscribe, MessageType.Call, Register, Unregister, Goodbye])

/** Bytes of memory that a waiting message uses in addition to its size on the wire. */
const BYTES_OF_MESSAGE = 512
/** Units of work that it takes to read a message that waits, and to have it wait. */
const UNITS_OF_WAITING = 8

interface Waiting {
  readonly message: ClientMessage
  readonly bytes: number
  /** When it came, if that is of interest: for a CALL with a timeout. */
  readonly arrived: number | undefined
  readonly lift: (() => void) | undefined
  state: 'waiting' | 'canceled'
}

/** What a client has sent while an authorizer thinks about what it sent before: it keeps its order [basic, Ordering Guarantees]. */
export class Inbox implements Worker {
  readonly #session: RoutedSession
  readonly #realm: Pick<Realm, 'isContinuation' | 'dropped'>
  readonly #requests: RequestIds
  /** Bytes that may wait before the client is no longer read. */
  readonly #limit: number
  readonly #deadlines: Deadlines
  readonly #flow: { pause (): void, resume (): void }
  readonly #take: (message: ClientMessage, arrived: number | undefined) => void
  readonly #failed: (error: unknown) => void
  #parked: { readonly message: ClientMessage, readonly request: ParkedRequest } | null = null
  readonly #waiting = new Queue<Waiting>()
  /** The CALLs that wait, by their ids: further input of a progressive call has the same. */
  readonly #calls = new Map<Id, Waiting[]>()
  #bytes = 0

  constructor ({ session, realm, requests, host, flow, take, failed }: {
    session: RoutedSession
    realm: Pick<Realm, 'isContinuation' | 'dropped'>
    requests: RequestIds
    host: Pick<SessionHost, 'parkedBytes' | 'deadlines'>
    flow: { pause (): void, resume (): void }
    /** Handles a message whose turn has come, and that came at this time if that is of interest. Never throws. */
    take: (message: ClientMessage, arrived: number | undefined) => void
    /** Told what acting upon a parked request threw. Never throws. */
    failed: (error: unknown) => void
  }) {
    this.#session = session
    this.#realm = realm
    this.#requests = requests
    this.#limit = host.parkedBytes
    this.#deadlines = host.deadlines
    this.#flow = flow
    this.#take = take
    this.#failed = failed
  }

  /** Has a message of so many bytes wait, if it must. False if it is its turn at once. */
  hold (message: ClientMessage, size: number): boolean {
    if ((this.#parked === null && this.#waiting.size === 0) || !waits.has(message.type)) return false
    spend(UNITS_OF_WAITING)
    const waiting: Waiting = { message, bytes: size + BYTES_OF_MESSAGE, ...this.#time(message), state: 'waiting' }
    this.#waiting.add(waiting)
    if (message.type === MessageType.Call) this.#note(message.request, waiting)
    if (this.#bytes <= this.#limit && this.#bytes + waiting.bytes > this.#limit) this.#flow.pause()
    this.#bytes += waiting.bytes
    return true
  }

  /** From now on messages wait for this one. */
  park (message: ClientMessage, request: ParkedRequest): void {
    this.#parked = { message, request }
    request.settled.then(() => { this.#unpark(request) }, this.#failed)
  }

  /**
   * Ends a CALL that waits, or whose authorizer has not decided, with an ERROR. False if there is none, or if the dropped messages were input of a
   * call that is open or has ended. The messages behind it continue in a separate turn.
   */
  end (call: Id, reason: Uri): boolean {
    const dropped = this.#drop(call)
    if (dropped === null || this.#realm.isContinuation(this.#session, dropped)) return false
    this.#realm.dropped(this.#session, dropped, reason)
    return true
  }

  /** Takes the next message. False if none is left, or one has to wait for its authorizer. */
  work (): boolean {
    if (this.#parked !== null) return false
    const next = this.#waiting.take()
    if (next === undefined) return false
    this.#shrinkTo(this.#bytes - next.bytes)
    this.#forget(next)
    next.lift?.()
    if (next.state === 'waiting') this.#take(next.message, next.arrived)
    else this.#passBy(next)
    return this.#parked === null && this.#waiting.size > 0
  }

  /** Drops all. */
  close (): void {
    this.#parked?.request.abandon('gone')
    this.#parked = null
    this.#waiting.clear()
    for (const waiting of this.#calls.values()) for (const { lift } of waiting) lift?.()
    this.#calls.clear()
    this.#shrinkTo(0)
  }

  #unpark (request: ParkedRequest): void {
    if (this.#parked?.request !== request) return
    this.#parked = null
    while (!isTurnOver()) if (!this.work()) return
    if (this.#waiting.size > 0) enqueue(this)
  }

  /** Drops all CALLs of an id, and returns the first one, or null. */
  #drop (id: Id): Call | null {
    const waiting = this.#calls.get(id) ?? []
    this.#calls.delete(id)
    for (const one of waiting) {
      one.state = 'canceled'
      one.lift?.()
    }
    const parked = this.#parked
    if (parked?.message.type === MessageType.Call && parked.message.request === id && parked.request.abandon('canceled')) {
      queueMicrotask(() => { this.#unpark(parked.request) })
      return parked.message
    }
    const first = waiting[0]?.message
    return first?.type === MessageType.Call ? first : null
  }

  /** One that was dropped: its id counts as used. */
  #passBy ({ message }: Waiting): void {
    spend(1)
    if (message.type === MessageType.Call) this.#requests.take(message.request)
  }

  /** The time of a CALL runs from when it came, whatever it has to wait for; that of further input is the call's. */
  #time (message: ClientMessage): Pick<Waiting, 'arrived' | 'lift'> {
    if (message.type !== MessageType.Call || (message.options.timeout ?? 0) === 0) return { arrived: undefined, lift: undefined }
    const { request, options: { timeout = 0 } } = message
    const arrived = performance.now()
    if (this.#isOfCall(request) || this.#realm.isContinuation(this.#session, message)) return { arrived, lift: undefined }
    return { arrived, lift: this.#deadlines.add(arrived + timeout, () => { this.end(request, reasons.timeout) }) }
  }

  /** True if there is a CALL of this id already. */
  #isOfCall (id: Id): boolean {
    return this.#calls.has(id) || (this.#parked?.message.type === MessageType.Call && this.#parked.message.request === id)
  }

  #note (call: Id, waiting: Waiting): void {
    const noted = this.#calls.get(call)
    if (noted === undefined) this.#calls.set(call, [waiting])
    else noted.push(waiting)
  }

  /** A CALL no longer waits: those of one id are taken in the order in which they were noted. */
  #forget ({ message, state }: Waiting): void {
    if (message.type !== MessageType.Call || state === 'canceled') return
    const noted = this.#calls.get(message.request)
    if (noted === undefined || noted.length === 1) this.#calls.delete(message.request)
    else noted.shift()
  }

  #shrinkTo (bytes: number): void {
    if (this.#bytes > this.#limit && bytes <= this.#limit) this.#flow.resume()
    this.#bytes = bytes
  }
}
