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
import type { Test } from 'tap'
import { redisServer } from './programs.ts'

/** A Redis server on a socket of its own, which writes each change to disk. */
export class Redis {
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
      // While it reads its files it answers, too, but knows nothing yet.
      socket.on('data', (data) => { socket.destroy(); resolve(data.toString().startsWith('+PONG')) })
      socket.write('PING\r\n')
    })
  }
}

/** Its client, as an app opens it. */
export function openRedis ({ path }: Pick<Redis, 'path'>): { keyv: Keyv, adapter: KeyvRedis<unknown> } {
  const adapter = new KeyvRedis<unknown>({ socket: { path, tls: false, reconnectStrategy: 20 }, disableOfflineQueue: true })
  return { keyv: new Keyv({ store: adapter, namespace: 'cookies', useKeyPrefix: false }), adapter }
}
