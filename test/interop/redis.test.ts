import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import KeyvRedis from '@keyv/redis'
import Keyv from 'keyv'
import t from 'tap'
import type { Test } from 'tap'
import { KeyvStore } from '../../plugin/cookie/keyv-store.ts'
import { testStore } from '../cookie/store-contract.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { needsRedis, redisServer } from './programs.ts'

/** A Redis server on a socket of its own, which writes each change to disk. */
class Redis {
  readonly path: string
  readonly #directory: string
  #process: ChildProcess | undefined

  constructor (directory: string) {
    this.#directory = directory
    this.path = join(directory, 'redis.sock')
  }

  static async start (t: Test): Promise<Redis> {
    const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const redis = new Redis(directory)
    t.teardown(async () => {
      await redis.kill()
      await rm(directory, { recursive: true })
    })
    await redis.start()
    return redis
  }

  async start (): Promise<void> {
    this.#process = spawn(redisServer, ['--port', '0', '--unixsocket', this.path, '--dir', this.#directory, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''], { stdio: 'ignore' })
    while (!await this.#answers()) await new Promise((resolve) => { setImmediate(resolve) })
  }

  async kill (): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }

  #answers (): Promise<boolean> {
    if (!existsSync(this.path)) return Promise.resolve(false)
    return new Promise((resolve) => {
      const socket = createConnection(this.path)
      socket.on('error', () => { resolve(false) })
      socket.on('data', () => { socket.destroy(); resolve(true) })
      socket.write('PING\r\n')
    })
  }
}

function open ({ path }: Redis): { keyv: Keyv, adapter: KeyvRedis<unknown> } {
  const adapter = new KeyvRedis<unknown>({ socket: { path, tls: false, reconnectStrategy: 20 }, disableOfflineQueue: true })
  return { keyv: new Keyv({ store: adapter, namespace: 'cookies', useKeyPrefix: false }), adapter }
}

const [json] = wireCodecs
const roles = { caller: {} }
const realms = { realm1: { roles: { user: everything } } }
const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } }, cookie: {} } as const

/** Says HELLO with a cookie, logs in by ticket if that is asked for, and returns how WELCOME says that it was. */
async function come (t: Test, url: string, cookie?: string): Promise<{ provider: unknown, cookie: string | undefined }> {
  const client = await WireClient.connect(t, url, json!, cookie === undefined ? {} : { headers: { cookie } })
  let answer = await client.ask([1, 'realm1', { roles, authmethods: ['cookie', 'ticket'], authid: 'joe' }])
  if (answer[0] === 4) answer = await client.ask([5, 'secret', {}])
  client.socket.terminate()
  return { provider: (answer[2] as { authprovider?: string }).authprovider, cookie: client.setCookie?.split(';')[0] ?? cookie }
}

t.test('cookies in Redis, by Keyv', needsRedis(), async (t) => {
  await t.test('it is a cookie store', async (t) => {
    const redis = await Redis.start(t)
    await testStore(t, async () => {
      const { keyv } = open(redis)
      await keyv.clear()
      return new KeyvStore(keyv)
    })
  })

  await t.test('a login outlives the app and the server, and Redis forgets it in time', async (t) => {
    const redis = await Redis.start(t)
    const { keyv, adapter } = open(redis)
    const { app, url } = await buildApp(t, { realms, auth, cookie: { store: keyv, maxAge: 100 } })
    const first = await come(t, url)
    t.equal(first.provider, 'static')
    const [login] = await app.wampCookies!.find({ authid: 'joe' })
    const ttl = await (adapter.client as unknown as { pTTL (key: string): Promise<number> }).pTTL(`cookies::${login!.cookie}`)
    t.ok(ttl > 0 && ttl <= 100_000, `${ttl} ms`)
    await app.close()
    await redis.kill()
    await redis.start()
    const { url: again } = await buildApp(t, { realms, auth, cookie: { store: open(redis).keyv, maxAge: 100 } })
    t.equal((await come(t, again, first.cookie)).provider, 'cookie')
  })

  await t.test('while Redis is away nobody is let in by a cookie, nor loses it; then it goes on by itself', async (t) => {
    const redis = await Redis.start(t)
    const { url } = await buildApp(t, { realms, auth, cookie: { store: open(redis).keyv } })
    const { cookie } = await come(t, url)
    await redis.kill()
    const away = await come(t, url, cookie)
    t.equal(away.provider, 'static', 'the other method is asked for')
    t.equal(away.cookie, cookie, 'and the cookie stays')
    await redis.start()
    let provider
    do ({ provider } = await come(t, url, cookie)); while (provider !== 'cookie')
    t.pass('it is let in again')
  })
})
