import type { Id } from '../protocol/id.ts'
import type { EventMessage } from '../protocol/message.ts'
import { copyOfValues } from '../protocol/payload.ts'
import type { PayloadCodec } from '../protocol/payload.ts'
import type { Values } from '../protocol/values.ts'

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
  readonly #failed: (error: unknown, subscription: Id) => void

  /** `failed` receives what a handler throws. */
  constructor (failed: (error: unknown, subscription: Id) => void) {
    this.#failed = failed
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
    return true
  }

  /** True if a subscription has a handler. */
  has (subscription: Id): boolean {
    return this.#handlers.has(subscription)
  }

  /** Removes all handlers. */
  clear (): void {
    this.#handlers.clear()
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

  /** Calls the handlers of an event. Never throws. */
  handle (event: EventMessage, values: Values): void {
    const all = [...this.#handlers.get(event.subscription) ?? []]
    // Retained events arrive right after SUBSCRIBED and belong to the last subscriber. Earlier handlers have already received them, or did
    // not request them.
    const handlers = event.details.retained === true ? all.slice(-1) : all
    handlers.forEach((handler, i) => {
      const own = i < handlers.length - 1 ? copyOfValues(values) : values
      this.#start(handler, event, own).catch((error: unknown) => { this.#failed(error, event.subscription) })
    })
  }

  // The handler starts in this turn, so that events are handled in order. It may continue asynchronously.
  async #start (handler: EventHandler, event: EventMessage, values: Values): Promise<void> {
    await handler.handle(event, values)
  }
}
