import type { CookieOptions } from '../cookie-options.ts'
import type { CookieStore } from './cookie-store.ts'
import { DatabaseStore } from './database-store.ts'
import { FileStore } from './file-store.ts'
import { isKeyv, KeyvStore } from './keyv-store.ts'
import { MemoryStore } from './memory-store.ts'

/**
 * The store that an option means, opened. `shared` says whether other processes may change it: those in memory and in a file
 * belong to one process. Rejects with what opening it throws.
 */
export async function openCookieStore (store: Required<CookieOptions>['store'], log: Parameters<typeof FileStore.open>[0]['log']): Promise<{ store: CookieStore, shared: boolean }> {
  if ('get' in store) return { store: isKeyv(store) ? new KeyvStore(store) : store as CookieStore, shared: true }
  if (store.type === 'memory') return { store: new MemoryStore(), shared: false }
  if (store.type === 'database') return { store: await DatabaseStore.open(store), shared: true }
  const { filename, purgeOnStartup = false } = store
  return { store: await FileStore.open({ filename, purgeOnStartup, log }), shared: false }
}
