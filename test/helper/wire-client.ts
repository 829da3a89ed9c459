import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { Encoder as CborEncoder } from 'cbor-x'
import { Packr } from 'msgpackr'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { Peer } from './peer.ts'
import type { PeerTransport } from './peer.ts'

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

/** A client on the wire. It listens from before the socket opens. */
export class WireClient extends Peer {
  readonly transport: PeerTransport
  readonly socket: WebSocket
  readonly codec: WireCodec
  readonly closed: Promise<number>
  setCookie: string | undefined
  /** The client's end of the connection. */
  stream: TLSSocket | undefined

  constructor (url: string, codec: WireCodec, { protocols = [codec.subprotocol], headers = {}, tls = {}, deaf = false }: {
    protocols?: string[]
    headers?: Record<string, string>
    tls?: ConnectionOptions
    /** It answers no ping. */
    deaf?: boolean
  } = {}) {
    super()
    this.transport = { type: 'websocket', protocol: codec.subprotocol }
    this.codec = codec
    this.socket = new WebSocket(url, protocols, { headers, autoPong: !deaf, ...tls as object })
    this.socket.on('upgrade', (response) => {
      [this.setCookie] = response.headers['set-cookie'] ?? []
      this.stream = response.socket as TLSSocket
    })
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary !== codec.binary) return this.take(['wrong kind of WebSocket message'])
      for (const message of codec.split?.(data) ?? [data]) this.take(codec.decode(message) as unknown[])
    })
    this.closed = new Promise((resolve) => { this.socket.on('close', resolve) })
    this.socket.on('close', () => { this.end() })
  }

  static async connect (t: Test, url: string, codec: WireCodec, options: ConstructorParameters<typeof WireClient>[2] = {}): Promise<WireClient> {
    const client = new WireClient(url, codec, options)
    t.teardown(() => { client.socket.terminate() })
    await new Promise((resolve, reject) => { client.socket.once('open', resolve).once('error', reject) })
    return client
  }

  static async join (t: Test, url: string, codec: WireCodec, details: object = {}, roles: object = HELLO[2].roles): Promise<WireClient> {
    const client = await WireClient.connect(t, url, codec)
    await client.join({ ...details, roles })
    return client
  }

  send (...messages: unknown[]): void {
    for (const message of messages) this.socket.send(this.codec.encode(message))
  }

  terminate (): void {
    this.socket.terminate()
  }
}

/** Runs tests once for each serializer: those that are about the wire itself. All others run over each transport. */
export function forEachCodec (t: Test, name: string, test: (t: Test, codec: WireCodec) => Promise<void>, codecs = wireCodecs): void {
  for (const codec of codecs) t.test(`${name}, over ${codec.name}`, (t) => test(t, codec))
}
