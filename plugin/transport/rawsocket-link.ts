import type { Socket } from 'node:net'
import { spend } from '../work.ts'
import { cutOff } from './cut-off.ts'
import type { Link, LinkOwner, Sink } from './link.ts'
import { controlFrame, FrameType, HEADER } from './rawsocket-framing.ts'
import { FrameReader } from './rawsocket-reader.ts'
import type { FrameListener } from './rawsocket-reader.ts'
import { tlsChannelOf } from './tls-channel.ts'
import type { TlsChannel, TransportDetails } from './transport.ts'

/** Units of work for a received PING or PONG. */
const UNITS_OF_CONTROL = 2

// Not empty: AutobahnJS 22 answers a PING without content only when it receives the next frame.
const PING = controlFrame(FrameType.Ping, Buffer.from('ping'))

/** A RawSocket connection after its handshake: a stream of frames over TCP, TLS or a Unix socket. */
export class RawSocketLink implements Link, FrameListener {
  readonly details: TransportDetails
  readonly tls: TlsChannel | null
  readonly sink: Sink
  readonly longestFrame: number
  readonly #socket: Socket
  readonly #pings: boolean
  readonly #reader: FrameReader
  #owner: LinkOwner | null = null
  #end: 'orderly' | 'broken' = 'broken'

  constructor ({ socket, details, pings, longestReceived, longestSent }: {
    socket: Socket
    details: TransportDetails
    /** True if a silent peer is pinged. */
    pings: boolean
    /** The maximum octets of a message that the router accepts, as announced. */
    longestReceived: number
    /** The maximum octets of a message that the peer accepts, as announced. */
    longestSent: number
  }) {
    this.details = details
    this.tls = tlsChannelOf(socket)
    this.sink = socket
    this.longestFrame = HEADER + longestSent
    this.#socket = socket
    this.#pings = pings
    this.#reader = new FrameReader(this, longestReceived)
  }

  get received (): number | null { return this.#pings ? this.#socket.bytesRead : null }

  get isWritable (): boolean { return this.#socket.writable }

  open (owner: LinkOwner): void {
    this.#owner = owner
    this.#socket.on('data', (data: Buffer) => {
      this.#reader.read(data)
      this.#owner?.hasRead(data.length)
    })
    this.#socket.on('drain', () => { this.#owner?.drained() })
    this.#socket.on('end', () => { if (!this.#reader.isWithinFrame) this.#end = 'orderly' })
    this.#socket.on('close', () => {
      // Collections of young objects keep a closed socket, which would keep the session.
      const owner = this.#owner
      this.#owner = null
      owner?.closed(this.#end)
    })
    this.#socket.on('error', (error) => { this.#owner?.log.debug({ err: error }, 'RawSocket connection failed') })
  }

  take (type: number, content: Buffer): void {
    if (type !== FrameType.Message) spend(UNITS_OF_CONTROL)
    if (type === FrameType.Message) this.#owner!.receive(content)
    else if (type === FrameType.Pong) this.#owner!.ponged(content.length)
    else if (type === FrameType.Ping) {
      // Before the answer is queued, which is not read yet.
      this.#owner!.pinged(content.length)
      this.#owner!.sendControl(controlFrame(FrameType.Pong, content))
    }
  }

  refuse (fault: string): void {
    this.#owner!.refuse(fault, HEADER)
  }

  ping (): void {
    this.#owner!.sendControl(PING)
  }

  pause (): void {
    this.#socket.pause()
  }

  resume (): void {
    this.#socket.resume()
  }

  close (): void {
    this.#reader.stop()
    this.#socket.end()
  }

  terminate (): void {
    this.#reader.stop()
    this.#socket.destroy(cutOff)
  }
}
