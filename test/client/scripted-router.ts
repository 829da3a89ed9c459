import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { connect } from 'fastify-wamp/client'
import type { ClientSession, ConnectOptions } from 'fastify-wamp/client'

/** A message as a list. */
export type List = readonly unknown[]

/** One connection of a client, as a test plays the router's part in it. */
export class Script {
  readonly socket: WebSocket
  readonly #arrived: unknown[][] = []
  #next: ((message: unknown[] | null) => void) | null = null
  #state: 'open' | 'closed' = 'open'
  /** Resolves to the close code. */
  readonly closed: Promise<number>

  constructor (socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as unknown[]
      if (this.#next === null) this.#arrived.push(message)
      else this.#settle(message)
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        this.#state = 'closed'
        if (this.#next !== null) this.#settle(null)
        resolve(code)
      })
    })
  }

  /** The next message of the client; null if it has closed the connection. */
  next (): Promise<unknown[] | null> {
    const message = this.#arrived.shift()
    if (message !== undefined) return Promise.resolve(message)
    return this.#state === 'closed' ? Promise.resolve(null) : new Promise((resolve) => { this.#next = resolve })
  }

  say (...messages: List[]): this {
    for (const message of messages) this.socket.send(JSON.stringify(message))
    return this
  }

  /** Takes HELLO, and welcomes the client. */
  async welcome (session = 1, details: object = {}): Promise<unknown[] | null> {
    const hello = await this.next()
    this.say([2, session, { roles: { broker: {}, dealer: {} }, ...details }])
    return hello
  }

  /** The next message, whose request id it returns with it. */
  async request (): Promise<{ type: unknown, id: unknown, message: unknown[] }> {
    const message = await this.next()
    if (message === null) throw new Error('the client has closed the connection')
    return { type: message[0], id: message[1], message }
  }

  #settle (message: unknown[] | null): void {
    const next = this.#next
    this.#next = null
    next?.(message)
  }
}

/** A router that does what a test says, and no more. */
export class ScriptedRouter {
  readonly url: string
  readonly #connections: Script[] = []
  #next: ((script: Script) => void) | null = null
  #refusal: { status: number, headers: Record<string, string> } | null = null
  /** How many connections were asked for. */
  asked = 0

  private constructor (server: WebSocketServer) {
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (socket) => {
      const script = new Script(socket)
      if (this.#next === null) this.#connections.push(script)
      else this.#next(script)
      this.#next = null
    })
  }

  static async start (t: Test): Promise<ScriptedRouter> {
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      verifyClient: (_, verdict) => {
        router.asked++
        const refusal = router.#refusal
        if (refusal === null) verdict(true)
        else verdict(false, refusal.status, 'refused', refusal.headers)
      }
    })
    await once(server, 'listening')
    const router = new ScriptedRouter(server)
    t.teardown(() => {
      for (const client of server.clients) client.terminate()
      server.close()
    })
    return router
  }

  /** Has upgrades answered with a status, until it is null. */
  refuse (status: number | null, headers: Record<string, string> = {}): void {
    this.#refusal = status === null ? null : { status, headers }
  }

  /** The next connection. */
  connection (): Promise<Script> {
    const script = this.#connections.shift()
    return script !== undefined ? Promise.resolve(script) : new Promise((resolve) => { this.#next = resolve })
  }

  /** Opens a client; its session ends with the test. */
  connect (t: Test, options: Partial<ConnectOptions> = {}): Promise<ClientSession> {
    return openClient(t, this.url, options)
  }

  /** A client that is in, and its connection. */
  async join (t: Test, options: Partial<ConnectOptions> = {}): Promise<{ session: ClientSession, script: Script }> {
    const joining = this.connect(t, options)
    const script = await this.connection()
    await script.welcome()
    return { session: await joining, script }
  }
}

/** Options that make a client come back quickly. */
export const soon = { first: 1, most: 20 } as const

/** Opens a client over `ws`; its session ends with the test. */
export async function openClient (t: Test, url: string, options: Partial<ConnectOptions> = {}): Promise<ClientSession> {
  const stop = new AbortController()
  t.teardown(() => { stop.abort() })
  return await connect(url, { realm: 'realm1', WebSocket, retry: soon, handshakeTimeout: 5000, signal: stop.signal, ...options })
}

/** Resolves when a session is in a state. */
export function reaches (session: ClientSession, wanted: ClientSession['state']): Promise<void> {
  if (session.state === wanted) return Promise.resolve()
  return new Promise((resolve) => {
    const undo = session.onState((state) => {
      if (state !== wanted) return
      undo()
      resolve()
    })
  })
}
