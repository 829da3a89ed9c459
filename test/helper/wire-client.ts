import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { Encoder as CborEncoder } from 'cbor-x'
import { Packr } from 'msgpackr'
import type { Test } from 'tap'
import { WebSocket } from 'ws'

/** A serializer of somebody else's: what the router writes must be read by others, and the other way round. */
export interface WireCodec {
  readonly name: string
  readonly subprotocol: string
  readonly binary: boolean
  encode (message: unknown): Buffer | string
  decode (data: Buffer): unknown
  /** The messages of a batch, where messages come in batches; `encode` writes a batch of one then. */
  split? (batch: Buffer): Buffer[]
}

const packr = new Packr({ useRecords: false, int64AsType: 'number' })
const cbor = new CborEncoder({ useRecords: false, mapsAsObjects: true, int64AsNumber: true } as ConstructorParameters<typeof CborEncoder>[0])

/** The three serializers. */
export const wireCodecs: readonly WireCodec[] = [
  { name: 'JSON', subprotocol: 'wamp.2.json', binary: false, encode: (message) => JSON.stringify(message), decode: (data) => JSON.parse(data.toString()) as unknown },
  { name: 'MessagePack', subprotocol: 'wamp.2.msgpack', binary: true, encode: (message) => packr.pack(message), decode: (data) => packr.unpack(data) as unknown },
  { name: 'CBOR', subprotocol: 'wamp.2.cbor', binary: true, encode: (message) => cbor.encode(message), decode: (data) => cbor.decode(data) as unknown }
]

export const HELLO = [1, 'realm1', { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } }] as const

/** A client on the wire. What comes is kept from before the socket opens, so that nothing is missed. */
export class WireClient {
  readonly socket: WebSocket
  readonly codec: WireCodec
  /** Resolves to the close code. */
  readonly closed: Promise<number>
  setCookie: string | undefined
  /** The client's end of the connection. */
  stream: TLSSocket | undefined
  id = 0
  readonly #come: unknown[][] = []
  readonly #wanted: { resolve (message: unknown[]): void, reject (error: Error): void }[] = []
  #request = 1000

  constructor (url: string, codec: WireCodec, { protocols = [codec.subprotocol], headers = {}, tls = {} }: { protocols?: string[], headers?: Record<string, string>, tls?: ConnectionOptions } = {}) {
    this.codec = codec
    this.socket = new WebSocket(url, protocols, { headers, ...tls as object })
    this.socket.on('upgrade', (response) => {
      [this.setCookie] = response.headers['set-cookie'] ?? []
      this.stream = response.socket as TLSSocket
    })
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary !== codec.binary) return this.#take(['wrong kind of WebSocket message'])
      for (const message of codec.split?.(data) ?? [data]) this.#take(codec.decode(message) as unknown[])
    })
    this.closed = new Promise((resolve) => { this.socket.on('close', resolve) })
    this.socket.on('close', () => {
      for (const { reject } of this.#wanted.splice(0)) reject(this.#nothingMore())
    })
  }

  static async connect (t: Test, url: string, codec: WireCodec, options: ConstructorParameters<typeof WireClient>[2] = {}): Promise<WireClient> {
    const client = new WireClient(url, codec, options)
    t.teardown(() => { client.socket.terminate() })
    await new Promise((resolve, reject) => { client.socket.once('open', resolve).once('error', reject) })
    return client
  }

  static async join (t: Test, url: string, codec: WireCodec, details: object = {}, roles: object = HELLO[2].roles): Promise<WireClient> {
    const client = await WireClient.connect(t, url, codec)
    const [type, id] = await client.ask([1, 'realm1', { ...details, roles }])
    if (type !== 2) throw new Error('not welcome')
    client.id = Number(id)
    return client
  }

  send (...messages: unknown[]): void {
    for (const message of messages) this.socket.send(this.codec.encode(message))
  }

  /** The next message; rejects if the connection closes first. */
  next (): Promise<unknown[]> {
    const first = this.#come.shift()
    if (first !== undefined) return Promise.resolve(first)
    if (this.socket.readyState === WebSocket.CLOSED) return Promise.reject(this.#nothingMore())
    return new Promise((resolve, reject) => { this.#wanted.push({ resolve, reject }) })
  }

  #take (message: unknown[]): void {
    const waiting = this.#wanted.shift()
    if (waiting === undefined) this.#come.push(message)
    else waiting.resolve(message)
  }

  #nothingMore (): Error {
    return new Error('the connection is closed: nothing more comes')
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
}

/** Runs tests once for each serializer. */
export function forEachCodec (t: Test, name: string, test: (t: Test, codec: WireCodec) => Promise<void>, codecs = wireCodecs): void {
  for (const codec of codecs) t.test(`${name}, over ${codec.name}`, (t) => test(t, codec))
}
