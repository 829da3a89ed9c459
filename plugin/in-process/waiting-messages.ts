import { OCTETS_OF_ENTRY } from '../backlog.ts'
import { errors } from '../errors.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Values } from '../protocol/values.ts'
import { Queue } from '../queue.ts'

/** The maximum number of messages that wait. */
const MOST_WAITING = 10_000

interface Waiting<T> { readonly payload: Payload, readonly octets: number, readonly valueOf: (values: Values) => T }

/**
 * Arriving messages for an app that iterates over them. They wait as octets, and are decoded when they are read, because decoded values can
 * take a hundred times as much memory.
 */
export class WaitingMessages<T> implements AsyncIterable<T> {
  readonly #bufferedBytes: number
  readonly #read: (payload: Payload) => Values | undefined
  readonly #waiting = new Queue<Waiting<T>>()
  /** The octets of the waiting messages. */
  #octets = 0
  /** Null until the messages have ended; then the error, if any. */
  #end: [] | [unknown] | null = null
  #wake = (): void => {}

  constructor ({ bufferedBytes, read }: {
    /** The maximum octets of waiting messages. */
    bufferedBytes: number
    /** Decodes a payload. Returns undefined for a message that is skipped. */
    read: (payload: Payload) => Values | undefined
  }) {
    this.#bufferedBytes = bufferedBytes
    this.#read = read
  }

  /** Adds a message. `valueOf` makes what the app receives; `bytes` is what the message takes in memory. If too many messages are waiting, they are dropped, and the iteration ends with an error. */
  put (payload: Payload, valueOf: (values: Values) => T, bytes = payload.size): void {
    if (this.#end !== null) return
    const octets = bytes + OCTETS_OF_ENTRY
    const { size } = this.#waiting
    if (size >= MOST_WAITING || this.#octets + octets > this.#bufferedBytes) {
      this.#waiting.clear()
      return this.end(new errors.WAMP_ERR_SLOW_READER(size))
    }
    this.#octets += octets
    this.#waiting.add({ payload: payload.detached(), octets, valueOf })
    this.#wake()
  }

  /** Ends the messages. The iteration first returns those that wait, and then throws the error, if any. */
  end (...error: [] | [unknown]): void {
    if (this.#end !== null) return
    this.#end = error
    this.#wake()
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<T, void, void> {
    for (;;) {
      const next = this.#waiting.take()
      if (next !== undefined) {
        this.#octets -= next.octets
        const values = this.#read(next.payload)
        if (values !== undefined) yield next.valueOf(values)
      } else if (this.#end !== null) {
        if (this.#end.length > 0) throw this.#end[0]
        return
      } else {
        await new Promise<void>((resolve) => { this.#wake = resolve })
      }
    }
  }
}
