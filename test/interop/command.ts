import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

const command = fileURLToPath(new URL('../../plugin/crossbar/command.ts', import.meta.url))

/** The command `fastify-wamp`, from its start to its end. */
export class Command {
  readonly #directory: string
  #stop: () => Promise<void> = async () => {}

  constructor (t: Test, directory: string) {
    this.#directory = directory
    t.teardown(() => this.stop())
  }

  /** Starts it on a port that is free, and returns the URL that it says it listens on. */
  async start (): Promise<string> {
    const child = spawn(process.execPath, [...process.execArgv, command, this.#directory, '--host', '127.0.0.1', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const closed = once(child, 'close')
    this.#stop = async () => {
      child.kill('SIGTERM')
      await closed
    }
    for await (const line of createInterface({ input: child.stdout })) {
      const [, url] = /Server listening at (https?:\/\/127\.0\.0\.1:\d+)/.exec(line) ?? []
      if (url === undefined) continue
      // What it logs from here on is of no interest, but has to be read.
      child.stdout.resume()
      return url
    }
    throw new Error('the command ended before it listened')
  }

  async stop (): Promise<void> {
    await this.#stop()
  }
}
