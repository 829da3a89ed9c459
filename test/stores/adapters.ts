import type { KeyvLike } from '../../plugin/cookie/keyv-storage.ts'
import type { Packages } from './packages.ts'
import type { Place } from './server-process.ts'
import type { servers } from './servers.ts'

/** An adapter of Keyv, and how an app opens it. */
export interface Adapter {
  readonly name: string
  /** The package of the adapter. */
  readonly adapter: string
  /** Null for a storage that is a file of the process. */
  readonly server: keyof typeof servers | null
  readonly packages: Packages
  /** What its constructor is given. */
  readonly args: (place: Place) => readonly unknown[]
}

const redisArgs = ({ socket }: Place): unknown[] => [{ socket: { path: socket, tls: false, reconnectStrategy: 20 }, disableOfflineQueue: true }]
const postgresUri = ({ folder }: Place): string => `postgresql://postgres@/postgres?host=${encodeURIComponent(folder)}`

/** How each is opened, by the name of its package. Options are those that the documentation of this project gives. */
const ways = {
  '@keyv/redis': { server: 'redis', args: redisArgs },
  '@keyv/valkey': { server: 'valkey', args: ({ socket }) => [{ path: socket, retryStrategy: () => 20 }] },
  '@keyv/postgres': { server: 'postgres', args: (place) => [{ uri: postgresUri(place) }] },
  '@keyv/mysql': { server: 'mariadb', args: ({ socket }) => [{ uri: 'mysql://root@localhost/test', socketPath: socket }] },
  '@keyv/memcache': { server: 'memcached', args: ({ port }) => [`127.0.0.1:${port}`] },
  '@keyv/etcd': { server: 'etcd', args: ({ port }) => [`http://127.0.0.1:${port}`] },
  '@keyv/sqlite': { server: null, args: ({ folder }) => [`sqlite://${folder}/keyv.db`] }
} satisfies Record<string, Pick<Adapter, 'server' | 'args'>>

const versions5 = {
  '@keyv/redis': '5.1.6', '@keyv/valkey': '1.0.11', '@keyv/postgres': '2.2.3', '@keyv/mysql': '2.1.10', '@keyv/memcache': '2.0.2', '@keyv/etcd': '2.1.1', '@keyv/sqlite': '4.0.8'
}
/** Adapters that have no version for Keyv 6 yet are used as they are: it takes those of Keyv 5, too. */
const versions6 = { ...versions5, '@keyv/redis': '6.0.0-rc.1', '@keyv/postgres': '6.0.0-beta.4', '@keyv/sqlite': '6.0.0-beta.4' }

/** All that are tested, with Keyv 5 and with Keyv 6. */
export const adapters: readonly Adapter[] = [
  ...rows('5.6.0', versions5, ['sqlite3']),
  { ...rows('5.6.0', versions5, ['sqlite3'])[0]!, name: '@keyv/redis 5.1.6, Keyv 5.6.0, with Valkey', server: 'valkey' },
  ...rows('6.1.0', versions6, ['better-sqlite3'])
]

/** A Keyv over an adapter, as an app opens it. */
export async function openKeyv ({ adapter, args }: Adapter, place: Place, load: (name: string) => Promise<unknown>): Promise<KeyvLike & { clear (): Promise<unknown> }> {
  const { default: Keyv } = await load('keyv') as { default: new (options: object) => KeyvLike & { clear (): Promise<unknown> } }
  const { default: Storage } = await load(adapter) as { default: new (...args: readonly unknown[]) => object }
  return new Keyv({ store: new Storage(...args(place)), namespace: 'cookies' })
}

function rows (keyv: string, versions: Readonly<Record<keyof typeof ways, string>>, build: readonly string[]): Adapter[] {
  return (Object.keys(ways) as (keyof typeof ways)[]).map((name) => {
    const { server, args } = ways[name]
    return { name: `${name} ${versions[name]}, Keyv ${keyv}`, adapter: name, server, args, packages: { versions: { keyv, ...versions }, build } }
  })
}
