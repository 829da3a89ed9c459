import { NOT_A_RECORD } from './stored-record.ts'

/** The part of a Keyv instance that the router uses. */
export interface KeyvLike {
  get (key: string): Promise<unknown>
  set (key: string, value: unknown, ttl?: number): Promise<unknown>
  delete (key: string): Promise<unknown>
  disconnect (): Promise<unknown>
  on (event: 'error', listener: (error: unknown) => void): unknown
  /** Absent if the storage cannot be iterated. */
  iterator?: ((namespace?: unknown) => AsyncIterable<[key: string, value: unknown]>) | undefined
  /** Version 5 only reports errors if this is set. */
  throwOnErrors?: boolean
  /** The adapter. Some adapters do not report errors either. An adapter itself has no such property. */
  store: unknown
}

/** Version 6 never reports errors, so its storage is accessed directly, with values in the form that Keyv stores. */
interface KeyvSix extends KeyvLike {
  readonly store: {
    get (key: string): Promise<unknown>
    set (key: string, value: unknown, expires?: number): Promise<unknown>
    delete (key: string): Promise<unknown>
    iterator? (): AsyncIterable<[key: string, value: unknown]>
    readonly capabilities?: { readonly methods?: { readonly iterator?: { readonly exists?: boolean } } }
  }
  encode (data: { value: unknown, expires?: number | undefined }): Promise<unknown>
  decode (data: unknown): Promise<{ value: unknown } | undefined>
}

/** The information that adapters provide about themselves. */
interface Adapter {
  throwOnErrors?: boolean
  readonly ttlSupport?: unknown
  readonly opts?: { readonly dialect?: unknown }
  readonly namespace?: unknown
  iterator? (namespace: unknown): AsyncIterable<unknown>
  /** Version 6 wraps adapters of version 5. */
  readonly store?: unknown
}

/** Version 5 decodes the entries of its storage by this. */
type Decoder = (this: KeyvLike, entries: () => AsyncGenerator<unknown>) => () => AsyncGenerator<[key: string, value: unknown], void>

/** Version 5 decodes a single value by this. */
interface DecodesValues { deserializeData (data: unknown): Promise<unknown> }

/** True for a Keyv instance. Its adapters have the same methods. */
export function isKeyv (store: object): store is KeyvLike {
  const methods = ['get', 'set', 'delete', 'disconnect', 'on']
  return !('entries' in store) && 'store' in store && methods.every((method) => typeof (store as Record<string, unknown>)[method] === 'function')
}

/** The storage of a Keyv instance of version 5 or 6. It always throws errors, even if Keyv and the adapter do not report them. */
export class KeyvStorage {
  /** The name of the storage in logs. */
  readonly name: string
  /** True if the storage removes expired values. Otherwise values are stored without a time to live, and must be swept. */
  readonly removesExpired: boolean
  readonly #keyv: KeyvLike
  readonly #six: KeyvSix | null
  readonly #canList: boolean
  /** Errors reported by events. Some adapters end an iteration early and only report the error in this way. */
  readonly #told = { errors: 0, last: undefined as unknown }
  /** Some adapters, such as that of Redis, connect again for any operation after `disconnect`, and then keep the process alive. */
  #state: 'open' | 'closed' = 'open'

  constructor (keyv: KeyvLike) {
    this.#keyv = keyv
    this.#six = isSix(keyv) ? keyv : null
    const adapters = adaptersOf(keyv)
    for (const part of [keyv, ...adapters]) if ('throwOnErrors' in part) part.throwOnErrors = true
    keyv.on('error', (error) => {
      this.#told.errors++
      this.#told.last = error
    })
    this.name = `Keyv with ${adapters.at(-1)?.constructor.name ?? 'a storage'}`
    const { iterator } = this.#six?.store ?? keyv
    this.#canList = typeof iterator === 'function' && this.#six?.store.capabilities?.methods?.iterator?.exists !== false
    // A storage that cannot be iterated cannot be swept.
    this.removesExpired = !this.#canList || adapters.some(expiresByItself)
  }

  /** The value of a key, or undefined. For a value that Keyv cannot decode: `NOT_A_RECORD`. */
  async get (key: string): Promise<unknown> {
    this.#checkOpen()
    return this.#six === null ? await this.#getFromFive(key) : await this.#decode(this.#six, await this.#six.store.get(key))
  }

  /** Stores a value, with this time to live in milliseconds if the storage removes expired values. */
  async set (key: string, value: unknown, ttl: number): Promise<void> {
    this.#checkOpen()
    const stored = this.#six === null ? await this.#keyv.set(key, value, this.removesExpired ? ttl : 0) : await this.#setSix(this.#six, key, value, ttl)
    if (stored === false) throw new Error(`${this.name} did not store a record`)
  }

  async delete (key: string): Promise<void> {
    this.#checkOpen()
    await (this.#six?.store ?? this.#keyv).delete(key)
  }

  /** Iterates over all values. Rejects if the storage reports an error during the iteration, because values may be missing. */
  async * entries (): AsyncIterable<[key: string, value: unknown]> {
    if (!this.#canList) throw new TypeError('this Keyv storage cannot be iterated: logins can be neither listed nor revoked by user')
    const { errors } = this.#told
    const six = this.#six
    for await (const [key, value] of six?.store.iterator?.() ?? this.#entriesOfFive()) {
      const decoded = six === null ? value : await this.#decode(six, value)
      // It may have expired after its key was listed.
      if (decoded !== undefined) yield [key, decoded]
    }
    if (this.#told.errors !== errors) throw this.#told.last
  }

  /** Version 5 ends an iteration at the first value that it cannot decode. In that case, the entries are decoded one by one. */
  async * #entriesOfFive (): AsyncGenerator<[key: string, value: unknown], void, void> {
    const listed = new Set<string>()
    const { generateIterator: decoder } = this.#keyv as { generateIterator?: Decoder }
    try {
      for await (const entry of this.#keyv.iterator!()) {
        listed.add(entry[0])
        yield entry
      }
      return
    } catch (error) {
      if (decoder === undefined) throw error
    }
    const store = this.#keyv.store as Partial<Adapter & AsyncIterable<unknown>>
    for await (const entry of store.iterator?.(store.namespace) ?? store as AsyncIterable<unknown>) {
      // It was deleted after its key was listed.
      if (Array.isArray(entry) && entry[1] === null) continue
      const decoded = decoder.call(this.#keyv, async function * () { yield entry })().next()
      const { done, value } = await decoded.catch(() => ({ done: false, value: ['', NOT_A_RECORD] as [string, unknown] }))
      if (done !== true && !listed.has(value[0])) yield value
    }
  }

  async disconnect (): Promise<void> {
    this.#state = 'closed'
    await this.#keyv.disconnect()
  }

  #checkOpen (): void {
    if (this.#state === 'closed') throw new Error(`${this.name} is closed`)
  }

  async #setSix (six: KeyvSix, key: string, value: unknown, ttl: number): Promise<unknown> {
    const expires = this.removesExpired ? Math.ceil(Date.now() + ttl) : undefined
    return await six.store.set(key, await six.encode({ value, expires }), expires)
  }

  /** Version 5 rejects in the same way if its storage fails and if it cannot decode a value. Only the former is an outage. */
  async #getFromFive (key: string): Promise<unknown> {
    const keyv = this.#keyv
    try {
      return await keyv.get(key)
    } catch (error) {
      if (!decodesValues(keyv) || this.#state === 'closed') throw error
      const undecodable = new Error()
      const deserializeData = async (data: unknown): Promise<unknown> => {
        try {
          return await keyv.deserializeData(data)
        } catch {
          throw undecodable
        }
      }
      try {
        return await derived(keyv, { deserializeData }).get(key)
      } catch (error) {
        if (error === undecodable) return NOT_A_RECORD
        throw error
      }
    }
  }

  /** Version 6 reports a value that it cannot decode as an error, as if the storage failed. */
  async #decode (six: KeyvSix, data: unknown): Promise<unknown> {
    if (data === undefined || data === null) return undefined
    const decoded = typeof data === 'string' ? await derived(six, { emit: () => true }).decode(data).catch(() => undefined) ?? { value: NOT_A_RECORD } : data
    return (decoded as { value?: unknown }).value
  }
}

function decodesValues (keyv: KeyvLike): keyv is KeyvLike & DecodesValues {
  return 'deserializeData' in keyv && typeof keyv.deserializeData === 'function'
}

/** An object like another one, with these methods instead of its own. */
function derived<T extends object> (from: T, methods: object): T {
  return Object.assign(Object.create(from) as T, methods)
}

function isSix (keyv: KeyvLike): keyv is KeyvSix {
  return !('throwOnErrors' in keyv) && 'encode' in keyv && 'decode' in keyv
}

/** The adapter, without the wrapper of version 6. */
function adaptersOf ({ store }: KeyvLike): Adapter[] {
  if (!isObject(store)) return []
  return isObject(store.store) && !(store.store instanceof Map) ? [store, store.store] : [store]
}

function isObject (value: unknown): value is Adapter {
  return typeof value === 'object' && value !== null
}

/** Unlike other adapters, those of Redis do not set `ttlSupport`. */
function expiresByItself ({ ttlSupport, opts, constructor }: Adapter): boolean {
  return ttlSupport === true || opts?.dialect === 'redis' || constructor.name === 'KeyvRedis'
}
