import type { Test } from 'tap'
import { Attacker, BLOCK, startApp } from '../../bench/hostile/index.mjs'
import type { Attack, Peer, RouterUnderAttack } from '../../bench/hostile/index.mjs'
import { Router } from '../../plugin/router.ts'
import { unitsSpent } from '../../plugin/work.ts'

/** Turns of the event loop without any change, after which nothing more happens: all octets were read, or some never will be. */
const QUIET = { complete: 20, incomplete: 1000 }

/** Subscriptions, sessions and the like that an attack finds at most. */
const MOST = 20_000
const CODES = 71

/** What one block of an attack has caused. */
export interface Caused {
  readonly units: number
  /** Octets of the block. */
  readonly octets: number
  /** Octets sent to anyone. */
  readonly sent: number
}

/** The event loop has gone round, and has looked at its sockets. */
function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

/** The bench's router in the process of the test. It takes the commands that the bench sends to its own one. */
export class LocalRouter implements RouterUnderAttack {
  readonly port: number
  readonly #parts: Awaited<ReturnType<typeof startApp>>

  private constructor (parts: Awaited<ReturnType<typeof startApp>>) {
    this.port = parts.port
    this.#parts = parts
  }

  static async start (): Promise<LocalRouter> {
    return new LocalRouter(await startApp())
  }

  /** Messages that have come, by their codes. */
  get received (): Float64Array {
    const { wamp } = this.#parts.app
    if (!(wamp instanceof Router)) throw new TypeError('the app has no router')
    return wamp.traffic.received
  }

  async ask (command: string, given: { received?: number, count?: number } = {}): Promise<unknown> {
    await turn()
    if (command === 'state') return { received: this.#parts.received() }
    if (command === 'settled') return await this.#settled(given.received ?? 0)
    return await this.#parts.commands[command]!({ ...given, count: Math.min(given.count ?? 0, command === 'logIn' ? Infinity : MOST) })
  }

  /** Performs an attack, and counts what so many blocks of it cause. */
  async suffer (attack: Attack, shared: unknown, blocks: number): Promise<Caused[]> {
    const attacker = new Attacker(this, attack, shared)
    const all: Caused[] = []
    for (let i = 0; i < blocks; i++) {
      const act = await attacker.prepare()
      await this.#settled(0)
      const before = { units: unitsSpent(), sent: this.#parts.sent(), received: this.#parts.received() }
      const octets = await act()
      await this.#settled(before.received + octets)
      all.push({ octets, units: unitsSpent() - before.units, sent: this.#parts.sent() - before.sent })
    }
    attacker.peer?.socket.destroy()
    return all
  }

  async stop (): Promise<void> {
    await this.#parts.app.close()
  }

  async #settled (received: number): Promise<void> {
    for (let quiet = 0; quiet < (this.#parts.received() >= received ? QUIET.complete : QUIET.incomplete); quiet++) {
      const before = this.#measure
      await turn()
      if (this.#measure !== before) quiet = -1
    }
  }

  /** Changes with all that the router does. */
  get #measure (): number {
    return unitsSpent() + this.#parts.received() + this.#parts.sent()
  }
}

/** The routers for attacks in turn: those that are prepared alike, one after the other, share one. */
export class Arena {
  #router: LocalRouter | null = null
  #setUp: Attack['setUp']
  #shared: unknown
  readonly #received = new Float64Array(CODES)

  constructor (t: Test) {
    t.teardown(() => this.end())
  }

  async perform (attack: Attack, blocks: number): Promise<Caused[]> {
    if (this.#router === null || attack.setUp !== this.#setUp) {
      await this.end()
      this.#router = await LocalRouter.start()
      this.#setUp = attack.setUp
      this.#shared = await attack.setUp?.(this.#router)
    }
    return await this.#router.suffer(attack, this.#shared, blocks)
  }

  /** Stops the router. Resolves to how many messages all routers have received, by their codes. */
  async end (): Promise<Float64Array> {
    const { peers = [] } = (this.#shared ?? {}) as { peers?: Peer[] }
    for (const { socket } of peers) socket.destroy()
    this.#router?.received.forEach((count, code) => { this.#received[code]! += count })
    // The timers of decisions that nobody waits for any longer keep the process alive.
    await this.#router?.ask('decide')
    await this.#router?.stop()
    this.#router = null
    return this.#received
  }
}

/** What 64 KiB of an attack cost. */
export function of64KiB ({ units, octets }: Caused): number {
  return units / (octets / BLOCK)
}
