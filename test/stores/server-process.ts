import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../helper/free-port.ts'

/** Where a server keeps its files and listens: on `socket`, or on `port` of 127.0.0.1 if it knows no sockets. */
export interface Place {
  readonly folder: string
  readonly socket: string
  readonly port: number
}

/** A program that serves a storage. */
export interface ServerKind {
  readonly program: string
  readonly install: string
  /** Arguments that have it print its version. */
  readonly version: readonly string[]
  readonly args: (place: Place) => readonly string[]
  /** What it prints when it serves. */
  readonly ready: RegExp
  /** What makes its files, before it starts for the first time. */
  readonly prepare?: (place: Place) => readonly [program: string, ...args: string[]]
  /** The ids of a user that is not root, for a program that refuses to be run by root. */
  readonly user?: { readonly uid: number, readonly gid: number }
}

/** A server of its own in a temporary folder. It can be killed, started again, and suspended. */
export class ServerProcess {
  readonly place: Place
  readonly #kind: ServerKind
  #process: ChildProcess | undefined

  private constructor (kind: ServerKind, place: Place) {
    this.#kind = kind
    this.place = place
  }

  static async start (kind: ServerKind): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    if (kind.user !== undefined) await chown(folder, kind.user.uid, kind.user.gid)
    const server = new ServerProcess(kind, { folder, socket: join(folder, 'socket'), port: await freePort() })
    if (kind.prepare !== undefined) await server.#run(...kind.prepare(server.place))
    await server.start()
    return server
  }

  /** Resolves when it serves. */
  async start (): Promise<void> {
    const { program, args, user, ready } = this.#kind
    const running = spawn(program, args(this.place), { ...user, cwd: this.place.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = running
    const lines = [running.stdout, running.stderr].map((input) => createInterface({ input }))
    const printed: string[] = []
    await new Promise<void>((resolve, reject) => {
      running.once('error', reject).once('exit', () => { reject(new Error(`${program} ended:\n${printed.join('\n')}`)) })
      for (const output of lines) output.on('line', (line) => { printed.push(line); if (ready.test(line)) resolve() })
    })
    // What it prints from here on is of no interest, but has to be read.
    for (const output of lines) output.removeAllListeners('line').resume()
  }

  async kill (): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined) return
    const closed = once(running, 'close')
    await this.signal('SIGKILL', running)
    await closed
  }

  /** Kills it, and removes its files. */
  async remove (): Promise<void> {
    await this.kill()
    await rm(this.place.folder, { recursive: true, force: true })
  }

  /** Sends a signal to it and to the processes that it has made, its own first. */
  async signal (signal: NodeJS.Signals, running = this.#process): Promise<void> {
    for (const pid of await withDescendants(running!.pid!)) {
      try {
        process.kill(pid, signal)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
      }
      if (signal === 'SIGSTOP') while ((await statOf(pid))[0] !== 'T') await new Promise((resolve) => { setImmediate(resolve) })
    }
  }

  async #run (program: string, ...args: string[]): Promise<void> {
    const running = spawn(program, args, { ...this.#kind.user, cwd: this.place.folder, stdio: 'ignore' })
    const [code] = await once(running, 'close') as [number]
    if (code !== 0) throw new Error(`${program} ended with ${code}`)
  }
}

async function withDescendants (pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    parents.set(Number(name), Number((await statOf(Number(name)))[1]))
  }
  const found = [pid]
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child)
  return found
}

/** The state of a process, the id of its parent, and more; T if there is none. They follow its name, which may contain anything. */
async function statOf (pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') T')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
