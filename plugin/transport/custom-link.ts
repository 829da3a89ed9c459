import { SLICE } from './framing.ts'
import type { Link, LinkOwner, Sink } from './link.ts'
import type { TransportDetails } from './transport.ts'

/** A connection of a transport of the app's own, as the app passes it to `accept`. */
export interface CustomConnection {
  /** The name of the kind of transport, for authenticators and logs, such as `worker`. */
  readonly type: string
  /** The name of the serializer of its messages, such as `json`. */
  readonly serializer: string
  /** The address of the peer, for `limits.connectionsOfAddress`, failed logins and logs. @default none */
  readonly peer?: string
  /** True if nobody else can read the messages. @default not known */
  readonly secure?: boolean
  /** The octets of sent messages that have not left this process. Call `drained` when it falls below 64 KiB. */
  readonly bufferedBytes: number
  /** Sends a message. Other connections may be sent the same buffer, so it must not be changed or transferred. */
  send (message: Buffer): void
  /** Stops receiving messages, until `resume`. */
  pause (): void
  /** Continues receiving. */
  resume (): void
  /** Closes the connection, after the messages that have been sent. Then call `closed`. May be called more than once. */
  close (): void
}

/** The functions by which the app passes on what happens on its connection. */
export interface CustomPeer {
  /** Takes a received message, and copies it. */
  receive (message: Uint8Array): void
  /** The connection has sent its buffered messages. */
  drained (): void
  /** The connection has ended. */
  closed (): void
}

/** The maximum octets that a connection may still receive after it has been paused. */
const MOST_SURPLUS = 16_777_216

/** Adapts a connection of the app's own, which keeps messages apart. */
export class CustomLink implements Link, Sink, CustomPeer {
  readonly details: TransportDetails
  readonly tls = null
  readonly sink: Sink = this
  readonly longestFrame = Infinity
  readonly received = null
  readonly #connection: CustomConnection
  readonly #messageSize: number
  #owner: LinkOwner | null = null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #intake: 'on' | 'paused' = 'on'
  #surplus = 0

  constructor ({ connection, protocol, messageSize }: {
    connection: CustomConnection
    /** The subprotocol with the serializer of the connection. */
    protocol: string
    /** The maximum octets of a message. */
    messageSize: number
  }) {
    const { type, peer, secure } = connection
    this.details = { type, protocol, ...(peer === undefined ? {} : { peer }), ...(secure === undefined ? {} : { secure }) }
    this.#connection = connection
    this.#messageSize = messageSize
  }

  get writableLength (): number { return this.#try(() => this.#connection.bufferedBytes) ?? 0 }

  get writableNeedDrain (): boolean { return this.writableLength >= SLICE }

  get isWritable (): boolean { return this.#state === 'open' }

  open (owner: LinkOwner): void {
    this.#owner = owner
  }

  write (message: Buffer): void {
    this.#try(() => { this.#connection.send(message) })
  }

  cork (): void {}
  uncork (): void {}

  receive (message: Uint8Array): void {
    if (this.#state !== 'open') return
    const owner = this.#owner!
    // A copy, because the app may use its buffer again, and a message may wait for an authorizer or for slow readers.
    const data = Buffer.from(message)
    if (data.length > this.#messageSize) owner.refuse('a message is longer than limits.messageSize', data.length)
    else if (this.#intake === 'paused' && (this.#surplus += data.length) > MOST_SURPLUS) this.terminate()
    else owner.receive(data)
    owner.hasRead(data.length)
  }

  drained (): void {
    if (this.#state === 'open') this.#owner!.drained()
  }

  closed (): void {
    this.#end('orderly')
  }

  ping (): void {}

  pause (): void {
    this.#intake = 'paused'
    this.#try(() => { this.#connection.pause() })
  }

  resume (): void {
    this.#intake = 'on'
    this.#surplus = 0
    this.#try(() => { this.#connection.resume() })
  }

  close (): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#try(() => { this.#connection.close() })
  }

  terminate (): void {
    this.#try(() => { this.#connection.close() })
    this.#end('broken')
  }

  #end (end: 'orderly' | 'broken'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    process.nextTick(() => { this.#owner!.closed(end) })
  }

  /** Uses the connection. If it throws, it has ended: returns undefined then, and later. */
  #try<T> (act: () => T): T | undefined {
    if (this.#state === 'closed') return undefined
    try {
      return act()
    } catch (error) {
      this.#owner!.log.error({ err: error }, 'a connection of the app failed')
      this.#end('broken')
      return undefined
    }
  }
}
