import type { CloseKind, TlsChannel, TransportDetails, TransportLog } from './transport.ts'

/** Takes the frames of a connection: a stream of Node.js, or an object that acts like one. */
export interface Sink {
  /** The octets that have not left this process. */
  readonly writableLength: number
  /** True if no more data should be written until the link has called `drained`. */
  readonly writableNeedDrain: boolean
  write (octets: Buffer): unknown
  cork (): void
  uncork (): void
}

/** The connection to one peer as octets, without WAMP: the part of a transport that depends on its kind. */
export interface Link {
  readonly details: TransportDetails
  /** Null if no TLS channel terminates in this process. */
  readonly tls: TlsChannel | null
  readonly sink: Sink
  /** False if the sink may not be written to any more. */
  readonly isWritable: boolean
  /** The maximum octets of a frame that the peer accepts, or Infinity. */
  readonly longestFrame: number
  /** The octets received from the peer, or null if the peer is not to be pinged. */
  readonly received: number | null
  /** Starts to pass received messages to the transport. */
  open (owner: LinkOwner): void
  /** Sends a ping, whose answer counts as received octets. */
  ping (): void
  /** Stops reading from the peer until `resume`. */
  pause (): void
  resume (): void
  /** Closes the connection after all data in the sink. */
  close (kind: CloseKind): void
  /** Closes the connection at once. */
  terminate (): void
}

/** The transport, as its link sees it. */
export interface LinkOwner {
  readonly log: TransportLog
  /** Takes a message, or a batch of messages. Never throws. */
  receive (data: Buffer): void
  /** The peer has violated the rules of its transport with data of this size, which is reported after all earlier messages. */
  refuse (fault: string, size: number): void
  /** The link has handled this number of received octets. Not all of them belong to messages that it has passed on. */
  hasRead (octets: number): void
  /** Sends a frame that is not a message. */
  sendControl (frame: Buffer): void
  /** The link is about to answer a ping of the peer, which has this number of octets, or has just done so. */
  pinged (octets: number): void
  /** The peer has sent a pong, which has this number of octets. */
  ponged (octets: number): void
  /** The sink has written its data. */
  drained (): void
  /** The connection has ended. `orderly`: the peer has closed it, and has sent everything before. */
  closed (end: 'orderly' | 'broken'): void
}
