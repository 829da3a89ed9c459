import type { CookieOptions } from '../options.ts'
import type { CookieStore } from './cookie-store.ts'
import { FileStore } from './file-store.ts'
import { MemoryStore } from './memory-store.ts'

/**
 * The store that an option means, opened. `shared` says whether other processes may change it: the stores that come with
 * the plugin belong to one process. Rejects with what opening it throws.
 */
export async function openCookieStore (store: Required<CookieOptions>['store'], log: Parameters<typeof FileStore.open>[0]['log']): Promise<{ store: CookieStore, shared: boolean }> {
  if ('get' in store) return { store, shared: true }
  if (store.type === 'memory') return { store: new MemoryStore(), shared: false }
  const { filename, purgeOnStartup = false } = store
  return { store: await FileStore.open({ filename, purgeOnStartup, log }), shared: false }
}
