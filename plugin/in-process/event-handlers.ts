import type { Id } from '../protocol/id.ts'
import type { EventMessage } from '../protocol/message.ts'
import { copyOfValues } from '../protocol/payload.ts'
import type { PayloadCodec } from '../protocol/payload.ts'
import type { Values } from '../protocol/values.ts'
import { isThenable } from '../thenable.ts'
import { BusyHandlers } from './busy-handlers.ts'

/** A receiver of events. */
export interface EventHandler {
  /** The serializer in which it reads the payload of the message, or null if it takes values. */
  readonly codec: PayloadCodec | null
  /** Receives an event, with its own copy of the values, or without values if it has a codec. Thrown errors are logged. */
  handle (event: EventMessage, values: Values): unknown
}

/** The handlers of one session's events. */
export class EventHandlers {
  readonly #handlers = new Map<Id, Set<EventHandler>>()
  readonly #owed: number
  readonly #failed: (error: unknown, subscription: Id) => void
  readonly #dropped: (count: number, subscription: Id) => void
  /** The subscriptions with asynchronous handlers that run. */
  readonly #busy = new Map<Id, BusyHandlers>()

  constructor ({ owed, failed, dropped }: {
    /** The maximum octets of the events that wait for the handlers of a subscription. */
    owed: number
    /** Receives what a handler throws. */
    failed: (error: unknown, subscription: Id) => void
    /** Called with the number of dropped events: with 0 for the first one, and with the total when the handlers have caught up. */
    dropped: (count: number, subscription: Id) => void
  }) {
    this.#owed = owed
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

  /** The serializer in which all handlers of a subscription read payloads. Null if one of them takes values, or if there are none. */
  codecOf (subscription: Id): PayloadCodec | null {
    let common: PayloadCodec | null = null
    for (const { codec } of this.#handlers.get(subscription) ?? []) {
      if (codec === null || (common !== null && common !== codec)) return null
      common = codec
    }
    return common
  }

  /** Calls the handlers of an event. If too many asynchronous ones have not ended, the event waits. Never throws. */
  handle (event: EventMessage, values: Values): void {
    if (event.details.retained === true || this.#busy.get(event.subscription)?.hold(event) !== true) this.#call(event, values)
  }

  #call (event: EventMessage, values: Values): void {
    const all = [...this.#handlers.get(event.subscription) ?? []]
    // Retained events arrive right after SUBSCRIBED and belong to the last subscriber. Earlier handlers have already received them, or did
    // not request them.
    const handlers = event.details.retained === true ? all.slice(-1) : all
    handlers.forEach((handler, i) => {
      const own = i < handlers.length - 1 ? copyOfValues(values) : values
      this.#start(handler, event, own)
    })
  }

  // The handler starts in this turn, so that events are handled in order. It may continue asynchronously.
  #start (handler: EventHandler, event: EventMessage, values: Values): void {
    const { subscription } = event
    try {
      const result = handler.handle(event, values)
      if (isThenable(result)) this.#busyOf(subscription).add(Promise.resolve(result).then(() => {}, (error: unknown) => { this.#failed(error, subscription) }))
    } catch (error) {
      this.#failed(error, subscription)
    }
  }

  #busyOf (subscription: Id): BusyHandlers {
    let busy = this.#busy.get(subscription)
    if (busy === undefined) {
      busy = new BusyHandlers({
        owed: this.#owed, handle: (event) => { this.#call(event, event.payload.values()) }, tell: (count) => { this.#dropped(count, subscription) }
      })
      this.#busy.set(subscription, busy)
    }
    return busy
  }
}
