import { connect as connectTcp } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { Test } from 'tap'
import { Peer } from './peer.ts'
import type { PeerTransport } from './peer.ts'
import { wireCodecs } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

/** The numbers of the serializers in the handshake. */
const numbers: Readonly<Record<string, number>> = { JSON: 1, MessagePack: 2, CBOR: 3, V8: 14, text: 15 }

/** How a RawSocket client connects. */
export interface RawSocketWay {
  readonly to: NetConnectOpts
  readonly tls?: ConnectionOptions
  readonly codec?: WireCodec
  /** The client accepts messages of two to the power of this, plus 9. */
  readonly exponent?: number
}

/** A RawSocket client that reads and writes octets by itself. */
export class RawSocketClient extends Peer {
  readonly transport: PeerTransport
  readonly socket: Socket
  readonly codec: WireCodec
  readonly closed: Promise<number>
  /** The reply to the handshake. */
  readonly reply: Promise<Buffer>
  /** Received PINGs and PONGs, and those that somebody waits for. */
  readonly controls: { readonly type: number, readonly content: Buffer }[] = []
  /** False for a client that answers no PING. */
  answersPings = true
  #received = Buffer.alloc(0)
  #state: 'handshake' | 'open' = 'handshake'
  #replied: (reply: Buffer) => void = () => {}
  #last: unknown[] = []
  #control: () => void = () => {}

  constructor ({ to, tls, codec = wireCodecs[0]!, exponent = 15 }: RawSocketWay) {
    super()
    this.codec = codec
    this.transport = { type: 'rawsocket', protocol: codec.subprotocol }
    this.socket = tls === undefined ? connectTcp(to) : connectTls({ ...to, ...tls } as ConnectionOptions)
    this.reply = new Promise((resolve) => { this.#replied = resolve })
    this.closed = new Promise((resolve) => { this.socket.on('close', () => { resolve(this.#code()) }) })
    this.socket.on('error', () => {})
    this.socket.on('data', (data: Buffer) => { this.#read(data) })
    this.socket.on('close', () => { this.#replied(this.#received); this.end() })
    this.socket.write(Buffer.from([0x7f, exponent << 4 | numbers[codec.name]!, 0, 0]))
  }

  /** A client after its handshake. */
  static async connect (t: Test, way: RawSocketWay): Promise<RawSocketClient> {
    const client = new RawSocketClient(way)
    t.teardown(() => { client.socket.destroy() })
    const reply = await client.reply
    if (reply.length !== 4 || (reply[1]! & 0x0f) === 0) throw new Error(`the handshake failed: ${reply.toString('hex')}`)
    return client
  }

  send (...messages: unknown[]): void {
    this.socket.write(Buffer.concat(messages.map((message) => this.frame(0, Buffer.from(this.codec.encode(message))))))
  }

  /** A frame of this type. */
  frame (type: number, content: Buffer): Buffer {
    const header = Buffer.alloc(4)
    header.writeUInt32BE(content.length === 2 ** 24 ? 0x08000000 : content.length)
    header[0]! |= type
    return Buffer.concat([header, content])
  }

  /** Resolves to the next PING or PONG. */
  async control (): Promise<{ readonly type: number, readonly content: Buffer }> {
    while (this.controls.length === 0) await new Promise<void>((resolve) => { this.#control = resolve })
    return this.controls.shift()!
  }

  terminate (): void {
    this.socket.destroy()
  }

  #read (data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    if (this.#state === 'handshake') {
      if (this.#received.length < 4) return
      this.#replied(this.#received.subarray(0, 4))
      this.#received = this.#received.subarray(4)
      this.#state = 'open'
    }
    while (this.#received.length >= 4) {
      const length = (this.#received[0]! & 0x08) > 0 ? 2 ** 24 : this.#received.readUInt32BE(0) % 2 ** 24
      if (this.#received.length < 4 + length) return
      const [type, content] = [this.#received[0]! & 0x07, this.#received.subarray(4, 4 + length)]
      this.#received = this.#received.subarray(4 + length)
      this.#take(type, content)
    }
  }

  #take (type: number, content: Buffer): void {
    if (type === 0) return this.take(this.#last = this.codec.decode(content) as unknown[])
    if (type === 1 && this.answersPings) this.socket.write(this.frame(2, content))
    this.controls.push({ type, content })
    this.#control()
  }

  /** RawSocket has no close codes: the last message tells why it ended. */
  #code (): number {
    const [type, , reason] = this.#last
    if (type === 3) return reason === 'wamp.error.protocol_violation' ? 1002 : reason === 'wamp.error.runtime_error' ? 1011 : 1000
    return type === 6 ? 1000 : 1001
  }
}
