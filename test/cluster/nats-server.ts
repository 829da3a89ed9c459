import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { natsServer } from '../interop/programs.ts'

/** A server of NATS with JetStream, with its data in the folder of a test. */
export class NatsServer {
  readonly url: string
  readonly #process: ChildProcess

  private constructor (url: string, process: ChildProcess) {
    this.url = url
    this.#process = process
  }

  /** Starts a server, which ends with the test. The data of an earlier one in the same folder is kept. */
  static async start (t: Test, { folder = t.testdir({}), port = -1 }: { folder?: string, port?: number } = {}): Promise<NatsServer> {
    const process = spawn(natsServer, ['-js', '-sd', folder, '-a', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
    t.teardown(() => process.kill('SIGKILL'))
    let url: string | undefined
    for await (const line of createInterface(process.stderr!)) {
      url ??= /Listening for client connections on ([\d.]+:\d+)/.exec(line)?.[1]
      if (line.includes('Server is ready')) break
    }
    process.stderr!.resume()
    if (url === undefined) throw new Error('nats-server did not start')
    return new NatsServer(`nats://${url}`, process)
  }

  get port (): number {
    return Number(this.url.split(':').at(-1))
  }

  async stop (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill(signal)
    await ended
  }
}
