/** What the router tells of a client's way in. */
export interface PeerTransport { readonly type: 'websocket' | 'rawsocket' | 'longpoll' | 'in-process', readonly protocol?: string }

/** A client of a router, which speaks lists. What comes is kept until somebody looks, so that nothing is missed. */
export abstract class Peer {
  /** The session's id, once it has joined. */
  id = 0
  abstract readonly transport: PeerTransport
  /** Resolves to how the connection ended, as WebSocket's close codes say it: 1000 in order, 1002 for a violation. */
  abstract readonly closed: Promise<number>
  #state: 'open' | 'closed' = 'open'
  readonly #come: unknown[][] = []
  readonly #wanted: { resolve (message: unknown[]): void, reject (error: Error): void }[] = []
  #request = 1000

  abstract send (...messages: unknown[]): void

  /** Is gone without a word. */
  abstract terminate (): void

  /** The next message; rejects if the connection closes first. */
  next (): Promise<unknown[]> {
    const first = this.#come.shift()
    if (first !== undefined) return Promise.resolve(first)
    if (this.#state === 'closed') return Promise.reject(nothingMore())
    return new Promise((resolve, reject) => { this.#wanted.push({ resolve, reject }) })
  }

  /** Sends a request and returns what comes next. */
  ask (message: unknown): Promise<unknown[]> {
    this.send(message)
    return this.next()
  }

  /** All that came before the answer to a further request: what is not among it was never sent. */
  async fence (): Promise<unknown[][]> {
    const request = this.#request++
    this.send([34, request, 999_999])
    const before: unknown[][] = []
    for (;;) {
      const message = await this.next()
      if (message[0] === 8 && message[1] === 34 && message[2] === request) return before
      before.push(message)
    }
  }

  /** Joins realm1, and keeps the session's id. */
  async join (details: object): Promise<void> {
    const [type, id] = await this.ask([1, 'realm1', details])
    if (type !== 2) throw new Error('not welcome')
    this.id = Number(id)
  }

  /** A message has come. */
  protected take (message: unknown[]): void {
    const waiting = this.#wanted.shift()
    if (waiting === undefined) this.#come.push(message)
    else waiting.resolve(message)
  }

  /** The connection is closed. */
  protected end (): void {
    this.#state = 'closed'
    for (const { reject } of this.#wanted.splice(0)) reject(nothingMore())
  }
}

function nothingMore (): Error {
  return new Error('the connection is closed: nothing more comes')
}
