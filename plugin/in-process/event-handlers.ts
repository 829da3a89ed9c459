import type { HeldValues } from '../held-values.ts'
import { memoryOf } from '../memory-of.ts'
import type { Id } from '../protocol/id.ts'
import type { EventMessage } from '../protocol/message.ts'
import { copyOfValues } from '../protocol/payload.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/values.ts'
import { isThenable } from '../thenable.ts'
import { spend } from '../work.ts'
import { BusyHandlers } from './busy-handlers.ts'
import type { Delivery, EventHandler } from './busy-handlers.ts'

/** The values for a handler that takes the payload. */
const none: Values = Object.freeze({ args: [], kwargs: {} })

/** The bytes of memory of values that a unit of work copies for a further handler. */
const BYTES_OF_UNIT = 32

/** The handlers of one session's events. */
export class EventHandlers {
  readonly #handlers = new Map<Id, Set<EventHandler>>()
  readonly #bufferedBytes: number
  readonly #held: HeldValues
  readonly #read: (payload: Payload) => Values | undefined
  readonly #failed: (error: unknown, subscription: Id) => void
  readonly #dropped: (count: number, subscription: Id) => void
  /** The subscriptions with asynchronous handlers that run, or with events that wait. */
  readonly #busy = new Map<Id, BusyHandlers>()

  constructor ({ bufferedBytes, held, read, failed, dropped }: {
    /** The maximum octets of the events that wait for the handlers of a subscription. */
    bufferedBytes: number
    /** The values that running handlers hold. */
    held: HeldValues
    /** Decodes a payload. Returns undefined if it has no values here. */
    read: (payload: Payload) => Values | undefined
    /** Receives what a handler throws. */
    failed: (error: unknown, subscription: Id) => void
    /** Called with the number of dropped events: with 0 for the first one, and with the total when the handlers have caught up. */
    dropped: (count: number, subscription: Id) => void
  }) {
    this.#bufferedBytes = bufferedBytes
    this.#held = held
    this.#read = read
    this.#failed = failed
    this.#dropped = dropped
  }

  /** Adds a handler for the events of a subscription. */
  add (subscription: Id, handler: EventHandler): void {
    const handlers = this.#handlers.get(subscription)
    if (handlers === undefined) this.#handlers.set(subscription, new Set([handler]))
    else handlers.add(handler)
  }

  /** Removes a handler. True if it was the subscription's last handler. */
  delete (subscription: Id, handler: EventHandler): boolean {
    const handlers = this.#handlers.get(subscription)
    if (handlers?.delete(handler) !== true || handlers.size > 0) return false
    this.#handlers.delete(subscription)
    this.#busy.get(subscription)?.clear()
    this.#busy.delete(subscription)
    return true
  }

  /** True if a subscription has a handler. */
  has (subscription: Id): boolean {
    return this.#handlers.has(subscription)
  }

  /** Removes all handlers. */
  clear (): void {
    this.#handlers.clear()
    for (const busy of this.#busy.values()) busy.clear()
    this.#busy.clear()
  }

  /** Calls the handlers of an event. If too many asynchronous ones have not ended, or hold too much memory, the event waits. Never throws. */
  handle (event: EventMessage): void {
    const { subscription, payload, details } = event
    // Retained events arrive right after SUBSCRIBED and belong to the last subscriber. Earlier handlers have already received them, or did
    // not request them.
    const only = details.retained === true ? [...this.#handlers.get(subscription) ?? []].at(-1) ?? null : null
    const delivery: Delivery = { event, only, bytes: payload.size }
    if (only === null && this.#busy.get(subscription)?.isFull(event.sharer) === true) return this.#busyOf(subscription).hold(delivery)
    if (this.#start(delivery) === 'started') return
    this.#held.tell('an event is queued until handlers of the app release memory')
    this.#busyOf(subscription).hold(delivery)
  }

  /** Starts the handlers of an event, unless their values would take too much memory. */
  #start (delivery: Delivery): 'started' | 'full' {
    const { event, only } = delivery
    const all = [...this.#handlers.get(event.subscription) ?? []]
    const handlers = only === null ? all : all.filter((handler) => handler === only)
    const count = handlers.filter(({ takes }) => takes === 'values').length
    if (count === 0) {
      for (const handler of handlers) this.#call(handler, event, none, 0)
      return 'started'
    }
    // The octets alone may be too many: then the payload is not decoded.
    if (!this.#held.hasRoom(event.sharer, delivery.bytes * count)) return this.#lacks(delivery.bytes * count)
    const values = this.#read(event.payload)
    // As for all others: a peer that cannot represent an event does not receive it.
    if (values === undefined) return 'started'
    delivery.bytes = memoryOf(values)
    if (!this.#held.hasRoom(event.sharer, delivery.bytes * count)) return this.#lacks(delivery.bytes * count)
    let copies = 0
    spend((count - 1) * delivery.bytes / BYTES_OF_UNIT)
    for (const handler of handlers) {
      if (handler.takes === 'payload') this.#call(handler, event, none, 0)
      else this.#call(handler, event, ++copies < count ? copyOfValues(values) : values, delivery.bytes)
    }
    return 'started'
  }

  /** An event that can never be handled is dropped instead of waiting. */
  #lacks (bytes: number): 'started' | 'full' {
    if (!this.#held.isTooMuch(bytes)) return 'full'
    this.#held.tell('an event was dropped, because its values alone exceed the limit')
    return 'started'
  }

  // The handler starts in this turn, so that events are handled in order. It may continue asynchronously.
  #call (handler: EventHandler, event: EventMessage, values: Values, bytes: number): void {
    const { subscription, sharer } = event
    try {
      const result = handler.handle(event, values)
      if (!isThenable(result)) return
      const ended = Promise.resolve(result)
      if (bytes > 0) this.#held.until(ended, this.#held.hold(sharer, bytes))
      const settled = ended.then(() => {}, (error: unknown) => { this.#failed(error, subscription) })
      // A handler may have removed itself: then nothing would remove the entry of its subscription.
      if (this.has(subscription)) this.#busyOf(subscription).add(settled, sharer)
    } catch (error) {
      this.#failed(error, subscription)
    }
  }

  #busyOf (subscription: Id): BusyHandlers {
    let busy = this.#busy.get(subscription)
    if (busy === undefined) {
      busy = new BusyHandlers({
        bufferedBytes: this.#bufferedBytes,
        start: (delivery) => this.#start(delivery),
        wait: (worker) => { this.#held.wait(worker) },
        tell: (count) => { this.#dropped(count, subscription) }
      })
      this.#busy.set(subscription, busy)
    }
    return busy
  }
}
