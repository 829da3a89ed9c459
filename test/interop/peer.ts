/** The serializers that all three clients have. */
export const serializers = ['json', 'msgpack', 'cbor'] as const
export type Serializer = typeof serializers[number]

/**
 * Args and kwargs in a form in which those of all clients can be compared: octets are `{ octets: hex }`, integers beyond
 * 2^53 `{ integer: digits }`.
 */
export interface Values {
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

/** How a call ended: with a result, or with the error of this URI. */
export interface Outcome extends Values {
  readonly error: string | null
}

/**
 * A client under test: what the three have in common, in one shape. The procedures that it registers answer with what
 * they were called with, and `seen`: the same once more as JSON text, as the callee understood it.
 */
export interface Peer {
  readonly name: string
  /** Registers a procedure that returns its call's args and kwargs, or fails with this error and the same. */
  register (procedure: string, error?: string): Promise<void>
  call (procedure: string, values: Values): Promise<Outcome>
  subscribe (topic: string): Promise<void>
  /** Publishes an event, and waits until the router has acknowledged it. */
  publish (topic: string, values: Values): Promise<void>
  /** The next event that came in. */
  nextEvent (): Promise<Values>
}

/** What comes is kept until it is asked for. */
export class Inbox<T> {
  readonly #come: T[] = []
  readonly #wanted: ((item: T) => void)[] = []

  put (item: T): void {
    const waiting = this.#wanted.shift()
    if (waiting === undefined) this.#come.push(item)
    else waiting(item)
  }

  next (): Promise<T> {
    if (this.#come.length === 0) return new Promise((resolve) => { this.#wanted.push(resolve) })
    return Promise.resolve(this.#come.shift()!)
  }
}

/** What this rejects with. */
export async function rejection (promise: PromiseLike<unknown> | undefined): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('expected a rejection')
}
