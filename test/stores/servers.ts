import { spawnSync } from 'node:child_process'
import { redisServer } from '../interop/programs.ts'
import type { Place, ServerKind } from './server-process.ts'

const asRedis = ({ socket, folder }: Place): string[] => ['--port', '0', '--unixsocket', socket, '--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
const postgresPrograms = process.env.POSTGRES_PROGRAMS ?? '/usr/lib/postgresql/15/bin'
const data = ({ folder }: Place): string => `${folder}/data`

/** The servers behind the adapters. Each is a program that the machine has, or that a variable of the environment names. */
export const servers = {
  redis: {
    program: redisServer,
    install: 'apt-get install redis-server, or set REDIS_SERVER',
    version: ['--version'],
    args: asRedis,
    ready: /ready to accept connections/i
  },
  valkey: {
    program: process.env.VALKEY_SERVER ?? 'valkey-server',
    install: 'apt-get install valkey-server (Debian 13 and later), or set VALKEY_SERVER',
    version: ['--version'],
    args: asRedis,
    ready: /ready to accept connections/i
  },
  postgres: {
    program: `${postgresPrograms}/postgres`,
    install: 'apt-get install postgresql, or set POSTGRES_PROGRAMS to its folder of programs',
    version: ['--version'],
    prepare: (place) => [`${postgresPrograms}/initdb`, '-D', data(place), '-U', 'postgres', '-A', 'trust', '--no-sync'],
    args: (place) => ['-D', data(place), '-k', place.folder, '-c', 'listen_addresses='],
    ready: /ready to accept connections/,
    ...(process.getuid?.() === 0 ? { user: idsOf('postgres') } : {})
  },
  mariadb: {
    program: process.env.MARIADB ?? '/usr/sbin/mariadbd',
    install: 'apt-get install mariadb-server, or set MARIADB',
    version: ['--no-defaults', '--version'],
    prepare: (place) => ['mariadb-install-db', '--no-defaults', `--datadir=${data(place)}`, ...asRoot(), '--auth-root-authentication-method=normal'],
    args: (place) => ['--no-defaults', `--datadir=${data(place)}`, `--socket=${place.socket}`, '--skip-networking', `--pid-file=${place.folder}/pid`, ...asRoot()],
    ready: /ready for connections/
  },
  memcached: {
    program: process.env.MEMCACHED ?? 'memcached',
    install: 'apt-get install memcached, or set MEMCACHED',
    version: ['--version'],
    args: ({ port }) => ['-vv', '-l', '127.0.0.1', '-p', String(port), ...(process.getuid?.() === 0 ? ['-u', 'root'] : [])],
    ready: /server listening/
  },
  etcd: {
    program: process.env.ETCD ?? 'etcd',
    install: 'apt-get install etcd-server, or set ETCD',
    version: ['--version'],
    args: ({ folder, port }) => {
      const url = `http://127.0.0.1:${port}`
      // A socket of that name in its folder, for peers that it does not have.
      const peers = 'unix://peers:1'
      const alone = ['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `default=${peers}`]
      return ['--data-dir', `${folder}/data`, '--listen-client-urls', url, '--advertise-client-urls', url, ...alone]
    },
    ready: /serving.*client requests|ready to serve client requests/
  }
} satisfies Record<string, ServerKind>

/** What a server says that it is; null if it is not there. */
export function versionOf ({ program, version }: ServerKind): string | null {
  const { status, stdout } = spawnSync(program, version, { encoding: 'utf8' })
  return status === 0 ? /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? stdout.trim() : null
}

function asRoot (): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : []
}

/** The ids of a user of this machine; root's if there is none, so that the program says what is wrong. */
function idsOf (user: string): { uid: number, gid: number } {
  const [uid = 0, gid = 0] = ['-u', '-g'].map((what) => Number(spawnSync('id', [what, user], { encoding: 'utf8' }).stdout))
  return { uid, gid }
}
