/** The serializers that all of these clients have. */
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

/** An event as it came in, and of which topic the client says that it was. */
export interface Received extends Values { readonly topic: string | undefined }

/** What came of a call with progress: the first value of each result. */
export interface Progress { readonly progress: readonly unknown[], readonly result: unknown }

/** What the router is asked for by name: not all clients have a word of their own for it. */
export interface RegisterAs { readonly match?: 'prefix' | 'wildcard', readonly invoke?: 'roundrobin' }

/** The results of a procedure that makes progress. */
export const steps = [1, 2, 3]

/**
 * A client under test: what all of them have in common, in one shape. The procedures that it registers answer with what
 * they were called with, and `seen`: the same once more as JSON text, as the callee understood it.
 */
export interface Peer {
  readonly name: string
  /** Registers a procedure that returns its call's args and kwargs, or fails with this error and the same. */
  register (procedure: string, error?: string): Promise<void>
  /** Registers a procedure that returns this client's name. */
  registerName (procedure: string, options: RegisterAs): Promise<void>
  /** Registers a procedure that sends `steps` by and by, if it may, and then `done`. */
  registerSteps (procedure: string): Promise<void>
  call (procedure: string, values: Values): Promise<Outcome>
  /** Calls a procedure, and takes its results as they come. */
  callSteps (procedure: string): Promise<Progress>
  subscribe (topic: string, match?: 'exact' | 'prefix' | 'wildcard'): Promise<void>
  /** Publishes an event, and waits until the router has acknowledged it. */
  publish (topic: string, values: Values): Promise<void>
  /** The next event that came in. */
  nextEvent (): Promise<Received>
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

  /** What has come and nobody has asked for. */
  all (): T[] {
    return this.#come.splice(0)
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
