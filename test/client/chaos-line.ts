import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'

/** Which way octets go. */
export type Way = 'up' | 'down'

/** One connection through a line: the client's socket and the router's. */
interface Wire {
  readonly client: Socket
  readonly router: Socket
  /** What is held back, by way; null where octets pass. */
  readonly held: Record<Way, Buffer[] | null>
}

/** A TCP proxy between one client and the router that cuts, holds back and halves what goes through it. */
export class Line {
  /** How often the client was cut off. */
  cuts = 0
  /** Called as the client is cut off, before it can know. */
  onCut: () => void = () => {}
  readonly #wires = new Set<Wire>()
  /** Ends of the router that do not know yet that their client is gone. */
  readonly #forgotten = new Set<Socket>()
  readonly #halving = new Set<Way>()
  readonly #server = createServer()

  static async start (t: Test, port: number): Promise<Line> {
    const line = new Line()
    line.#server.on('connection', (client) => { line.#join(client, port) }).listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    t.teardown(() => line.end())
    return line
  }

  get url (): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws`
  }

  /** True while the client has a connection that was not cut. */
  get isUp (): boolean {
    return this.#wires.size > 0
  }

  /** Cuts all for good. Resolves when the last connection is closed. */
  async end (): Promise<void> {
    this.onCut = () => {}
    this.cut()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }

  /** Cuts all connections on both sides. */
  cut (): void {
    for (const wire of [...this.#wires]) this.#cut(wire)
    this.#forget()
  }

  /** Cuts the client off; the router is not told until the line is freed. */
  cutClient (): void {
    for (const wire of [...this.#wires]) {
      this.#forgotten.add(wire.router)
      this.#cut(wire)
    }
  }

  /** Lets half of the next octets pass that go this way, and cuts then. */
  halve (way: Way): void {
    this.#halving.add(way)
  }

  /** Holds back what goes this way. */
  hold (way: Way): void {
    for (const { held } of this.#wires) held[way] ??= []
  }

  /** Lets pass what is held back, and what comes after it. */
  free (): void {
    this.#halving.clear()
    this.#forget()
    for (const { client, router, held } of this.#wires) {
      for (const [way, to] of [['up', router], ['down', client]] as const) {
        for (const octets of held[way] ?? []) to.write(octets)
        held[way] = null
      }
    }
  }

  #join (client: Socket, port: number): void {
    const router = connect(port, '127.0.0.1')
    const wire: Wire = { client, router, held: { up: null, down: null } }
    this.#wires.add(wire)
    for (const [way, from, to] of [['up', client, router], ['down', router, client]] as const) {
      from.setNoDelay()
      from.on('data', (octets) => { this.#pass(wire, way, to, octets) })
      from.on('error', () => {})
      from.on('close', () => { if (this.#wires.delete(wire)) to.destroy() })
    }
  }

  #pass (wire: Wire, way: Way, to: Socket, octets: Buffer): void {
    if (!this.#wires.has(wire)) return
    const held = wire.held[way]
    if (held !== null) held.push(octets)
    else if (!this.#halving.delete(way)) to.write(octets)
    else {
      to.write(octets.subarray(0, octets.length >> 1))
      this.#cut(wire)
    }
  }

  #cut (wire: Wire): void {
    this.#wires.delete(wire)
    this.cuts++
    this.onCut()
    // What was written leaves first.
    wire.client.destroySoon()
    if (!this.#forgotten.has(wire.router)) wire.router.destroySoon()
  }

  #forget (): void {
    for (const socket of this.#forgotten) socket.destroy()
    this.#forgotten.clear()
  }
}
