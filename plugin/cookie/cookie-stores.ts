import type { CookieOptions } from '../cookie-options.ts'
import { defaults, fill } from '../option-defaults.ts'
import type { CookieStore } from './cookie-store.ts'
import { DatabaseStore } from './database-store.ts'
import { FileStore } from './file-store.ts'
import type { StoreTraits } from './guarded-store.ts'
import { isKeyv } from './keyv-storage.ts'
import type { KeyvLike } from './keyv-storage.ts'
import { KeyvStore } from './keyv-store.ts'
import { MemoryStore } from './memory-store.ts'

/** An opened store and its properties. */
export interface OpenedStore extends StoreTraits {
  readonly store: CookieStore
  /** True if other processes may change it. Memory and files belong to one process. */
  readonly shared: boolean
}

/** Opens the store for an option. Rejects if this fails. */
export async function openCookieStore (store: Required<CookieOptions>['store'], log: Parameters<typeof FileStore.open>[0]['log']): Promise<OpenedStore> {
  if ('get' in store) return openOwn(store)
  const traits = { name: store.type, keepsExpired: store.type === 'file' || (store.type === 'database' && store.readonly !== true) }
  if (store.type === 'memory') return { store: new MemoryStore(), shared: false, ...traits }
  if (store.type === 'database') return { store: await DatabaseStore.open(store), shared: true, ...traits }
  return { store: await FileStore.open({ filename: store.filename, log, ...fill(defaults.fileStore, store) }), shared: false, ...traits }
}

/** The app's own store removes expired records itself. */
function openOwn (store: CookieStore | KeyvLike): OpenedStore {
  if (!isKeyv(store)) return { store, shared: true, name: store.constructor.name, keepsExpired: false }
  const opened = new KeyvStore(store)
  return { store: opened, shared: true, name: opened.name, keepsExpired: opened.keepsExpired }
}
