import { Agent, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { Test } from 'tap'
import { Peer } from './peer.ts'
import type { PeerTransport } from './peer.ts'
import { wireCodecs } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

/** A response of the router. */
export interface PostResponse { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: Buffer }

/** Sends a POST request. */
export async function post (url: string, body: string | Buffer = '', { headers = {}, agent }: { headers?: Record<string, string>, agent?: Agent } = {}): Promise<PostResponse> {
  return await new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', headers: { 'content-length': String(Buffer.byteLength(body)), ...headers }, ...(agent === undefined ? {} : { agent }) }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => { parts.push(part) })
      response.on('end', () => { resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }) })
      response.on('error', reject)
    })
    sent.on('error', reject).end(body)
  })
}

/** A client whose connection consists of HTTP requests: one always waits for messages. */
export class LongPollClient extends Peer {
  readonly transport: PeerTransport
  readonly codec: WireCodec
  readonly closed: Promise<number>
  /** The URL of the transport. */
  readonly url: string
  /** The statuses of the requests that sent messages. */
  readonly sent: number[] = []
  /** The response to the request that opened the transport. */
  readonly opened: PostResponse
  readonly #agent: Agent
  #sending: Promise<unknown> = Promise.resolve()
  #end: (code: number) => void = () => {}
  #last: unknown[] = []
  #state: 'open' | 'left' = 'open'

  constructor (url: string, codec: WireCodec, opened: PostResponse, agent: Agent) {
    super()
    this.url = url
    this.codec = codec
    this.opened = opened
    this.#agent = agent
    this.transport = { type: 'longpoll', protocol: codec.subprotocol }
    this.closed = new Promise((resolve) => { this.#end = resolve })
    this.#poll().catch(() => {})
  }

  /** Opens a transport at a base URL. */
  static async connect (t: Test, base: string, codec: WireCodec = wireCodecs[0]!, headers: Record<string, string> = {}): Promise<LongPollClient> {
    const agent = new Agent({ keepAlive: true })
    const opened = await post(`${base}/open`, JSON.stringify({ protocols: [codec.subprotocol] }), { headers, agent })
    if (opened.status !== 200) throw new Error(`the transport could not be opened: ${opened.status} ${opened.body.toString()}`)
    const { transport } = JSON.parse(opened.body.toString()) as { transport: string }
    const client = new LongPollClient(`${base}/${transport}`, codec, opened, agent)
    // The router would wait for further requests.
    t.teardown(async () => { await client.leave() })
    return client
  }

  send (...messages: unknown[]): void {
    // In order: requests on different connections may overtake each other.
    for (const message of messages) this.#sending = this.#sending.then(async () => { this.sent.push((await this.#post('send', Buffer.from(this.codec.encode(message)))).status) }).catch(() => {})
  }

  /** Closes the transport without a GOODBYE. */
  terminate (): void {
    this.leave().catch(() => {})
  }

  /** Closes the transport, and all TCP connections. */
  async leave (): Promise<void> {
    this.#state = 'left'
    await this.#post('close').catch(() => {})
    this.#agent.destroy()
  }

  async #post (what: string, body?: Buffer): Promise<PostResponse> {
    return await post(`${this.url}/${what}`, body, { agent: this.#agent })
  }

  async #poll (): Promise<void> {
    while (this.#state === 'open') {
      const { status, body } = await this.#post('receive').catch(() => ({ status: 0, body: Buffer.alloc(0) }))
      if (status === 200) for (const message of this.codec.split?.(body) ?? [body]) this.take(this.#last = this.codec.decode(message) as unknown[])
      else if (status !== 204) break
    }
    this.end()
    this.#end(this.#code())
  }

  /** Long-poll has no close codes: the last message tells why it ended. */
  #code (): number {
    const [type, , reason] = this.#last
    if (type === 3) return reason === 'wamp.error.protocol_violation' ? 1002 : reason === 'wamp.error.runtime_error' ? 1011 : 1000
    return type === 6 ? 1000 : 1001
  }
}
