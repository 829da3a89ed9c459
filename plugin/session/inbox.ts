import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { ClientMessage, MessageCode } from '../protocol/message.ts'
import type { ParkedRequest } from '../realm/parked-request.ts'

const { Publish, Subscribe, Unsubscribe, Call, Register, Unregister, Goodbye } = MessageType
// Answers do not wait: two authorizers that wait for each other's would never end.
const waits: ReadonlySet<MessageCode> = new Set([Publish, Subscribe, Unsubscribe, Call, Register, Unregister, Goodbye])

/** What a client has sent while an authorizer thinks about what it sent before: it keeps its order [basic, Ordering Guarantees]. */
export class Inbox {
  readonly #limit: number
  readonly #take: (message: ClientMessage) => void
  readonly #flow: { pause (): void, resume (): void }
  #parked: { readonly message: ClientMessage, readonly request: ParkedRequest } | null = null
  #waiting: { readonly message: ClientMessage, readonly size: number }[] = []
  #size = 0

  constructor ({ limit, take, flow }: {
    /** Bytes that may wait before the client is no longer read. */
    limit: number
    /** Handles a message whose turn has come. Never throws. */
    take: (message: ClientMessage) => void
    flow: { pause (): void, resume (): void }
  }) {
    this.#limit = limit
    this.#take = take
    this.#flow = flow
  }

  /** Has a message of so many bytes wait, if it must. False if it is its turn at once. */
  hold (message: ClientMessage, size: number): boolean {
    if (this.#parked === null || !waits.has(message.type)) return false
    this.#waiting.push({ message, size })
    if (this.#size <= this.#limit && this.#size + size > this.#limit) this.#flow.pause()
    this.#size += size
    return true
  }

  /** From now on messages wait for this one. */
  park (message: ClientMessage, request: ParkedRequest): void {
    this.#parked = { message, request }
    request.settled.then(() => { if (this.#parked?.request === request) this.#proceed() })
  }

  /** Drops a CALL that waits, or whose authorizer thinks. False if there is none. What waited behind it goes on in a turn of its own. */
  cancel (call: Id): boolean {
    const isIt = (message: ClientMessage): boolean => message.type === Call && message.request === call
    const waiting = this.#waiting.filter(({ message }) => !isIt(message))
    const found = waiting.length < this.#waiting.length
    this.#waiting = waiting
    if (this.#parked === null || !isIt(this.#parked.message)) return found
    this.#parked.request.abandon('canceled')
    const { request } = this.#parked
    queueMicrotask(() => { if (this.#parked?.request === request) this.#proceed() })
    return true
  }

  /** Drops all. */
  close (): void {
    this.#parked?.request.abandon('gone')
    this.#parked = null
    this.#waiting = []
    this.#shrinkTo(0)
  }

  #proceed (): void {
    this.#parked = null
    while (this.#parked === null && this.#waiting.length > 0) {
      const { message, size } = this.#waiting.shift()!
      this.#shrinkTo(this.#size - size)
      this.#take(message)
    }
    if (this.#waiting.length === 0) this.#shrinkTo(0)
  }

  #shrinkTo (size: number): void {
    if (this.#size > this.#limit && size <= this.#limit) this.#flow.resume()
    this.#size = size
  }
}
