import { DatabaseStore } from '../../plugin/cookie/database-store.ts'
import { FileStore } from '../../plugin/cookie/file-store.ts'
import { KeyvStore } from '../../plugin/cookie/keyv-store.ts'
import type { CookieStore } from '../../plugin/cookie/cookie-store.ts'
import { openRedis } from './redis-server.ts'

/** Opens a store of a kind on what another process left behind. */
export async function openStore (kind: string, path: string): Promise<CookieStore> {
  switch (kind) {
    case 'file': return await FileStore.open({ filename: path, log: { warn () {}, error () {} } })
    case 'database': return await DatabaseStore.open({ path })
    case 'redis': return new KeyvStore(openRedis({ path }).keyv)
    default: throw new Error(`no store is of kind ${kind}`)
  }
}
