/** As much of a Keyv instance as is used here. */
export interface KeyvLike {
  get (key: string): Promise<unknown>
  set (key: string, value: unknown, ttl?: number): Promise<unknown>
  delete (key: string): Promise<unknown>
  disconnect (): Promise<unknown>
  on (event: 'error', listener: (error: unknown) => void): unknown
  /** Absent where the storage behind it cannot be iterated. */
  iterator?: ((namespace?: unknown) => AsyncIterable<[key: string, value: unknown]>) | undefined
  /** Version 5 keeps errors to itself unless it is told otherwise. */
  throwOnErrors?: boolean
  /** The adapter behind it; some keep errors to themselves, too. */
  store?: unknown
}

/** Version 6 always keeps errors to itself: its storage is asked directly, in the form that it gives to values. */
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

/** What adapters tell about themselves. */
interface Adapter {
  throwOnErrors?: boolean
  readonly ttlSupport?: unknown
  readonly opts?: { readonly dialect?: unknown }
  /** Version 6 wraps adapters of version 5. */
  readonly store?: unknown
}

/** True for an instance of Keyv. */
export function isKeyv (store: object): store is KeyvLike {
  const methods = ['get', 'set', 'delete', 'disconnect', 'on']
  return !('entries' in store) && methods.every((method) => typeof (store as Record<string, unknown>)[method] === 'function')
}

/** The storage behind a Keyv instance of version 5 or 6. Its errors are thrown, whatever Keyv and the adapter do with them. */
export class KeyvStorage {
  /** What to call it in the log. */
  readonly name: string
  /** True if the storage removes what has expired. If not, values are stored without an end, and somebody has to delete them. */
  readonly removesExpired: boolean
  readonly #keyv: KeyvLike
  readonly #six: KeyvSix | null
  readonly #canList: boolean
  /** Errors that were told by events: some adapters end a list early, and tell no other way. */
  readonly #told = { errors: 0, last: undefined as unknown }

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
    // What cannot be listed cannot be swept.
    this.removesExpired = !this.#canList || adapters.some(expiresByItself)
  }

  async get (key: string): Promise<unknown> {
    return this.#six === null ? await this.#keyv.get(key) : await this.#decode(this.#six, await this.#six.store.get(key))
  }

  /** Stores a value, for so many milliseconds if the storage removes what has expired. */
  async set (key: string, value: unknown, ttl: number): Promise<void> {
    const stored = this.#six === null ? await this.#keyv.set(key, value, this.removesExpired ? ttl : 0) : await this.#setSix(this.#six, key, value, ttl)
    if (stored === false) throw new Error(`${this.name} did not store a record`)
  }

  async delete (key: string): Promise<void> {
    await (this.#six?.store ?? this.#keyv).delete(key)
  }

  /** All values. Rejects if the storage has told an error meanwhile: then some may be missing. */
  async * entries (): AsyncIterable<[key: string, value: unknown]> {
    if (!this.#canList) throw new TypeError('this Keyv storage cannot be iterated: logins cannot be listed, nor revoked by user')
    const { errors } = this.#told
    const six = this.#six
    for await (const [key, value] of six?.store.iterator?.() ?? this.#keyv.iterator!()) {
      const decoded = six === null ? value : await this.#decode(six, value)
      // It may have expired since its key was listed.
      if (decoded !== undefined) yield [key, decoded]
    }
    if (this.#told.errors !== errors) throw this.#told.last
  }

  async disconnect (): Promise<void> {
    await this.#keyv.disconnect()
  }

  async #setSix (six: KeyvSix, key: string, value: unknown, ttl: number): Promise<unknown> {
    const expires = this.removesExpired ? Math.ceil(Date.now() + ttl) : undefined
    return await six.store.set(key, await six.encode({ value, expires }), expires)
  }

  async #decode (six: KeyvSix, data: unknown): Promise<unknown> {
    if (data === undefined || data === null) return undefined
    const decoded = typeof data === 'string' ? await six.decode(data) : data
    return (decoded as { value?: unknown } | undefined)?.value
  }
}

function isSix (keyv: KeyvLike): keyv is KeyvSix {
  return !('throwOnErrors' in keyv) && 'encode' in keyv && 'decode' in keyv
}

/** The adapter, after the one that version 6 puts around it. */
function adaptersOf ({ store }: KeyvLike): Adapter[] {
  if (!isObject(store)) return []
  return isObject(store.store) && !(store.store instanceof Map) ? [store, store.store] : [store]
}

function isObject (value: unknown): value is Adapter {
  return typeof value === 'object' && value !== null
}

/** Adapters of Redis do not tell by `ttlSupport`, as others do. */
function expiresByItself ({ ttlSupport, opts, constructor }: Adapter): boolean {
  return ttlSupport === true || opts?.dialect === 'redis' || constructor.name === 'KeyvRedis'
}
