// Starts a router in its own process, and talks to it.
import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The router died, or did not answer in time. */
export class Broken extends Error {}

export class Router {
  /** The port it listens on. */
  port = 0
  #process
  #asked = new Map()
  #lastId = 0

  /** Starts a router, or another program that serves the bench. `heap` bounds its memory, in MiB. */
  static async start (program = 'server.mjs', heap = 4096) {
    const router = new Router()
    router.#process = fork(fileURLToPath(new URL(program, import.meta.url)), { execArgv: [`--max-old-space-size=${heap}`], stdio: ['ignore', 'ignore', process.env.HOSTILE_DEBUG ? 'inherit' : 'ignore', 'ipc'] })
    router.port = await new Promise((resolve, reject) => {
      router.#process.once('message', ({ port }) => { resolve(port) })
      router.#process.once('exit', () => { reject(new Broken('the router did not start: run `npm run build` first')) })
    })
    router.#process.on('message', ({ id, answer, error }) => {
      const { resolve, reject } = router.#asked.get(id) ?? {}
      router.#asked.delete(id)
      if (error === undefined) resolve?.(answer)
      else reject?.(new Error(error))
    })
    router.#process.once('exit', (code, signal) => {
      for (const { reject } of router.#asked.values()) reject(new Broken(`died (${signal ?? code})`))
    })
    return router
  }

  /** Sends a command, and resolves to its answer. Rejects with Broken after `within` milliseconds. */
  ask (command, given = {}, within = 60_000) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Broken('not done in time')) }, Math.max(1, within))
      const settle = (how) => (value) => {
        clearTimeout(timer)
        how(value)
      }
      this.#asked.set(id, { resolve: settle(resolve), reject: settle(reject) })
      if (!this.#process.connected) return this.#asked.get(id).reject(new Broken('died'))
      this.#process.send({ id, command, given }, (error) => { if (error) this.#asked.get(id)?.reject(new Broken('died')) })
    })
  }

  /** Its CPU time in milliseconds, readable while it does not answer. */
  get cpu () {
    try {
      const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8').split(') ')[1].split(' ')
      return (Number(stat[11]) + Number(stat[12])) * 10
    } catch {
      return 0
    }
  }

  async stop () {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = new Promise((resolve) => { this.#process.once('exit', resolve) })
    this.#process.kill('SIGKILL')
    await exited
  }
}
