import type { Codec, DecodeLimits, Sender } from '../codec/codec.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { spend, spendOctets } from '../work.ts'
import type { Batches } from './batches.ts'
import type { Framing } from './framing.ts'
import type { Pulse } from './heartbeat.ts'
import { Intake } from './intake.ts'
import type { Inlet } from './intake.ts'
import type { Link, LinkOwner } from './link.ts'
import { Liveness } from './liveness.ts'
import { Outgoing } from './outgoing.ts'
import type { OutgoingLimits, Outlet } from './outgoing.ts'
import { RateLimit } from './rate-limit.ts'
import type { RateLimits } from './rate-limit.ts'
import type { CloseKind, Congestion, Delivery, TlsChannel, Transport, TransportDetails, TransportListener, TransportLog } from './transport.ts'
import { UnreadPongs } from './unread-pongs.ts'

/** The limits of one connection, from the `limits` option. */
export interface ConnectionLimits extends OutgoingLimits, DecodeLimits, RateLimits {}

/** Units of work for a message that cannot be represented in the serializer of its receiver: to find this out, and for further receivers. */
const UNITS_OF_FIRST_FAILURE = 100
const UNITS_OF_FAILURE = 1
/** The octets of a ping or pong in addition to its content. */
const OCTETS_OF_CONTROL = 4
/** Milliseconds for a peer to close its end. */
const CLOSE_TIMEOUT = 1000
/** Milliseconds in which the messages of a closed peer are processed. With a rate limit, it could leave messages for hours. */
const FINISH_TIMEOUT = 10_000
/** The maximum octets that all closed peers together may leave to be processed, because the number of such peers is not limited. */
const MOST_LEFT = 16_777_216

let octetsLeft = 0

/** WAMP over a link. It writes its own frames to the sink of the link: once per turn, and the same frame to all subscribers. */
export class RemoteTransport implements Transport, Pulse, Inlet, Outlet, LinkOwner, Sender {
  readonly details: TransportDetails
  readonly tls: TlsChannel | null
  readonly #link: Link
  #codec: Codec
  readonly #batches: Batches | null
  readonly #limits: DecodeLimits
  readonly #outgoing: Outgoing
  readonly #intake: Intake
  readonly #rate: RateLimit | null
  readonly #liveness = new Liveness()
  readonly #pongs = new UnreadPongs()
  /** `finishing`: the peer has closed, and its earlier messages are still being processed. */
  #state: 'open' | 'closing' | 'finishing' | 'closed' = 'open'
  /** The octets that the peer left to be processed when it closed. */
  #remainder = 0
  #listener: TransportListener | null = null
  /** Limits log lines, because clients choose payloads. */
  #unsuitableLevel: 'warn' | 'debug' = 'warn'
  #closeTimer: NodeJS.Timeout | undefined

  constructor ({ link, codec, framing, batches = null, limits }: {
    link: Link
    codec: Codec
    framing: Framing
    /** Null if each received message arrives alone. @default null */
    batches?: Batches | null
    limits: ConnectionLimits
  }) {
    this.details = link.details
    this.tls = link.tls
    this.#link = link
    this.#codec = codec
    this.#batches = batches
    this.#limits = limits
    this.#outgoing = new Outgoing({ outlet: this, link, framing, limits })
    this.#intake = new Intake(this)
    this.#rate = RateLimit.for(this, limits)
  }

  /** Starts to pass received messages to the listener. */
  listen (listener: TransportListener): void {
    this.#listener = listener
    this.#link.open(this)
  }

  get log (): TransportLog { return this.#listener!.log }

  send (message: RouterMessage): Delivery {
    if (this.#state !== 'open') return 'closed'
    if (this.#hasFailed(message)) {
      spend(UNITS_OF_FAILURE)
      return 'unencodable'
    }
    try {
      const delivery = this.#outgoing.send(message)
      if (delivery === 'oversized') this.#unsuitable({ type: message.type }, 'a message exceeds the size that its receiver accepts')
      return delivery
    } catch (error) {
      spend(UNITS_OF_FIRST_FAILURE)
      this.#unsuitable({ err: error, type: message.type }, 'the serializer of a receiver cannot represent a payload')
      return 'unencodable'
    }
  }

  takes (payload: Payload): boolean { return payload.hasForm(this.#codec) }

  get isLosing (): boolean {
    return this.#state === 'open' && this.#outgoing.isLosing
  }

  caughtUp (patience: number): Promise<void> | null {
    return this.#state === 'open' ? this.#outgoing.caughtUp(patience) : null
  }

  pause (): void {
    this.#intake.pause()
  }

  resume (): void {
    this.#intake.resume()
  }

  close (kind: CloseKind, patience = CLOSE_TIMEOUT): void {
    if (this.#state === 'finishing') return this.#end()
    if (this.#state !== 'open') return
    this.#intake.drop()
    this.#outgoing.finish()
    this.#state = 'closing'
    this.#link.close(kind)
    this.#closeTimer = setTimeout(() => { this.#link.terminate() }, patience)
  }

  look (): void {
    const { received, sink } = this.#link
    if (this.#state !== 'open' || received === null) return
    const finding = this.#liveness.check(received, this.#outgoing.left, sink.writableLength, !this.#intake.isPaused)
    if (finding === 'ping') this.#link.ping()
    else if (finding === 'disconnect') this.#cutOff()
  }

  receive (data: Buffer): void {
    if (this.#state !== 'open') return
    if (this.#batches === null) this.#intake.receive(data)
    else this.#intake.receiveBatch(this.#batches.messagesOf(data, this), data.length)
  }

  refuse (fault: string, size: number): void {
    if (this.#state === 'open') this.#intake.receiveBatch(this.#failing(fault), size)
  }

  /** The peer has violated the rules of its transport. */
  fail (fault: string): void {
    this.#listener!.fail(new ProtocolViolation(fault))
  }

  /** Sends messages in another form from now on. */
  answerIn (framing: Framing): void {
    this.#outgoing.answerIn(framing)
  }

  hasRead (octets: number): void {
    spendOctets(octets)
    if (this.#state === 'open') this.#intake.yield()
  }

  sendControl (frame: Buffer): void {
    if (this.#state === 'open') this.#outgoing.sendControl(frame)
  }

  pinged (octets: number): void {
    this.ponged(octets)
    if (this.#pongs.areTooMany(this.#outgoing.bufferedBytes, octets) && this.#state === 'open') this.giveUp(this.#outgoing.bufferedBytes)
  }

  ponged (octets: number): void {
    if (this.#state === 'open') this.#rate?.countOctets(OCTETS_OF_CONTROL + octets)
  }

  drained (): void {
    this.#outgoing.drained()
  }

  closed (end: 'orderly' | 'broken'): void {
    this.#outgoing.relieve()
    const { octets } = this.#intake
    if (this.#state !== 'open' || octets === 0 || end === 'broken' || octetsLeft + octets > MOST_LEFT) return this.#end()
    this.#state = 'finishing'
    this.#remainder = octets
    octetsLeft += octets
    this.#closeTimer = setTimeout(() => { this.#end() }, FINISH_TIMEOUT)
  }

  stopReading (): void {
    this.#link.pause()
  }

  readOn (): void {
    if (this.#state === 'finishing') this.#end()
    else this.#link.resume()
  }

  take (data: Buffer): void {
    const listener = this.#listener!
    let message
    try {
      message = this.#codec.decode(data, this.#limits, this)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) listener.log.error({ err: error }, 'a message could not be read')
      return listener.fail(error instanceof ProtocolViolation ? error : new ProtocolViolation('the message cannot be read'))
    }
    listener.receive(message, data.length)
    this.#rate?.count(data.length)
  }

  writesTypedArrays (): void {
    if (this.#codec.typed === null) return
    this.#codec = this.#codec.typed
    this.#outgoing.sendTypedArrays()
  }

  giveUp (bufferedBytes: number): void {
    this.#outgoing.drop()
    this.#listener?.log.warn({ bufferedBytes }, 'a client does not read: its connection is ended')
    this.#state = 'closing'
    this.#intake.drop()
    this.#link.terminate()
  }

  congested (congestion: Congestion): void {
    this.#listener?.congested(congestion)
  }

  /** True if another receiver with the same serializer could not be given the message. */
  #hasFailed (message: RouterMessage): boolean {
    return this.#outgoing.hasFailed(message) || ('payload' in message && message.payload.hasFailed(this.#codec))
  }

  /** Reports a violation instead of messages when it is their turn. */
  * #failing (fault: string): Generator<Buffer, void> {
    this.fail(fault)
  }

  #unsuitable (details: object, text: string): void {
    this.#listener?.log[this.#unsuitableLevel](details, `${text}; further ones are logged at debug`)
    this.#unsuitableLevel = 'debug'
  }

  #cutOff (): void {
    this.#listener?.log.info({}, 'a client does not answer a ping: its connection is ended')
    this.#link.terminate()
  }

  #end (): void {
    octetsLeft -= this.#remainder
    this.#remainder = 0
    this.#state = 'closed'
    this.#outgoing.drop()
    this.#intake.drop()
    clearTimeout(this.#closeTimer)
    this.#rate?.close()
    this.#listener?.closed()
  }
}
