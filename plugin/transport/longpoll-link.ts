import type { Deadlines } from '../deadlines.ts'
import { Queue } from '../queue.ts'
import { SLICE } from './framing.ts'
import type { Link, LinkOwner, Sink } from './link.ts'
import { SendLine } from './send-line.ts'
import type { CloseKind, TransportDetails } from './transport.ts'

/** A request of the client for messages. Its response waits until there are some. */
export interface Poll {
  /** The octets of the response that have not left this process. */
  readonly unsent: number
  /** Responds with messages. Call `settled` of the link when the response has ended. */
  respond (content: Buffer): void
  /** Responds without messages: there are none at present, or the transport has ended and there will be no more. */
  finish (outcome: 'empty' | 'ended'): void
  /** Ends a response that the client has not read: nothing limits the memory of responses after the end of their transport. */
  cut (): void
}

/** The times of a long-poll transport, in milliseconds. */
export interface LongPollTimes {
  /** A request for messages is answered after this time, even without messages. */
  readonly requestTimeout: number
  /** A transport ends if its client has made no request for this time. */
  readonly sessionTimeout: number
}

/** The messages of a response, and the request that it answers. */
interface Batch { readonly poll: Poll, readonly messages: readonly Buffer[], unsent: number }

/**
 * A connection that consists of HTTP requests [advanced, HTTP Longpoll Transport]. The router's messages wait here for the client's next
 * request. They are forgotten only when the response has left this process: if the client disconnects before, the next response has them.
 */
export class LongPollLink implements Link, Sink {
  readonly details: TransportDetails
  readonly tls = null
  readonly sink: Sink = this
  readonly longestFrame = Infinity
  readonly received = null
  /** The client's requests that send messages. */
  readonly sends = new SendLine()
  readonly #times: LongPollTimes
  readonly #deadlines: Deadlines
  /** True if a response contains all waiting messages, false if it contains one. */
  readonly #batched: boolean
  readonly #ended: () => void
  readonly #messages = new Queue<Buffer>()
  #octets = 0
  #batch: Batch | null = null
  #poll: Poll | null = null
  #owner: LinkOwner | null = null
  #flow: 'free' | 'full' = 'free'
  /** `closing`: the client may still fetch what waits. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  /** The reason for closing; null while the router has not closed the transport. */
  #end: CloseKind | null = null
  /** Lets a request of the client continue whose messages have been processed. */
  #processed: () => void = () => {}
  #lastRequest = 0
  #liftPoll: () => void = () => {}
  #liftIdle: () => void = () => {}

  constructor ({ details, times, deadlines, batched, ended }: {
    details: TransportDetails
    times: LongPollTimes
    /** Durations. */
    deadlines: Deadlines
    batched: boolean
    /** Called when no further request of the client is answered. */
    ended: () => void
  }) {
    this.details = details
    this.#times = times
    this.#deadlines = deadlines
    this.#batched = batched
    this.#ended = ended
  }

  get writableLength (): number { return this.#octets }

  get writableNeedDrain (): boolean { return this.#flow === 'full' }

  get isWritable (): boolean { return this.#state === 'open' }

  open (owner: LinkOwner): void {
    this.#owner = owner
    this.#lastRequest = performance.now()
    this.#watch(this.#times.sessionTimeout)
  }

  write (message: Buffer): void {
    this.#messages.add(message)
    this.#octets += message.length
    if (this.#octets >= SLICE) this.#flow = 'full'
    // All messages of this turn are written first.
    if (this.#poll !== null && this.#messages.size === 1) process.nextTick(() => { this.#respond() })
  }

  cork (): void {}
  uncork (): void {}

  /** Takes a message, or a batch of messages, of the client, whose turn it is. Resolves when it has been processed. */
  async receive (content: Buffer): Promise<'accepted' | 'malformed' | 'ended'> {
    this.#lastRequest = performance.now()
    if (this.#state !== 'open') return 'ended'
    this.#owner!.receive(content)
    if (this.sends.isPaused && this.#state === 'open') await new Promise<void>((resolve) => { this.#processed = resolve })
    this.#lastRequest = performance.now()
    return this.#end === 'violation' || this.#end === 'malformed' ? 'malformed' : 'accepted'
  }

  /** Takes a request for messages. It replaces an earlier one, whose client may have disconnected unnoticed. */
  poll (poll: Poll): void {
    this.#lastRequest = performance.now()
    this.#finishPoll('empty')
    if (this.#state === 'closed') return poll.finish('ended')
    this.#poll = poll
    this.#liftPoll = this.#deadlines.add(this.#lastRequest + this.#times.requestTimeout, () => { this.#finishPoll('empty') })
    this.#respond()
  }

  /** The response to a request for messages has ended, and may not have been sent. */
  settled (poll: Poll, fate: 'sent' | 'lost'): void {
    this.#lastRequest = performance.now()
    if (poll === this.#poll) this.#forgetPoll()
    if (poll !== this.#batch?.poll) return
    const { messages } = this.#batch
    this.#batch = null
    if (fate === 'lost') for (const message of messages.toReversed()) this.#messages.putBack(message)
    else for (const { length } of messages) this.#octets -= length
    if (this.#octets < SLICE && this.#flow === 'full') {
      this.#flow = 'free'
      this.#owner!.drained()
    }
    this.#endIfOver()
  }

  /** The client closes the transport. */
  leave (): void {
    this.#finish('orderly', 'empty')
  }

  ping (): void {}

  pause (): void {
    this.sends.pause()
  }

  resume (): void {
    this.#processed()
    this.sends.resume()
  }

  close (kind: CloseKind): void {
    this.#state = 'closing'
    this.#end = kind
    this.#processed()
    this.sends.close()
    // The transport has not closed the link yet.
    process.nextTick(() => { this.#endIfOver() })
  }

  terminate (): void {
    this.#finish('broken', 'ended')
  }

  /** Ends a transport that has sent everything when the app closes: the app accepts no more requests. Any other one continues to respond. */
  #endIfOver (): void {
    if (this.#end === 'shutdown' && this.#messages.size === 0 && this.#batch === null) this.#finish('orderly', 'ended')
    else this.#respond()
  }

  /** Responds to a waiting request, if there are messages and the last response has been sent. */
  #respond (): void {
    const poll = this.#poll
    if (poll === null || this.#batch !== null) return
    if (this.#messages.size > 0) {
      const messages = this.#takeMessages()
      this.#forgetPoll()
      this.#batch = { poll, messages, unsent: NaN }
      poll.respond(messages.length === 1 ? messages[0]! : Buffer.concat(messages))
    } else if (this.#state === 'closing') this.#finish('orderly', 'ended')
  }

  #takeMessages (): Buffer[] {
    const messages = []
    do messages.push(this.#messages.take()!)
    while (this.#batched && this.#messages.size > 0)
    return messages
  }

  #finishPoll (outcome: 'empty' | 'ended'): void {
    const poll = this.#poll
    this.#forgetPoll()
    poll?.finish(outcome)
  }

  #forgetPoll (): void {
    this.#liftPoll()
    this.#poll = null
  }

  #finish (end: 'orderly' | 'broken', outcome: 'empty' | 'ended'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#liftIdle()
    this.#processed()
    this.sends.close()
    this.#finishPoll(outcome)
    this.#batch?.poll.cut()
    this.#messages.clear()
    this.#octets = 0
    this.#ended()
    const owner = this.#owner!
    process.nextTick(() => { owner.closed(end) })
  }

  /** Checks after a time whether the client is still there. */
  #watch (delay: number): void {
    this.#liftIdle = this.#deadlines.add(performance.now() + delay, () => {
      const silence = this.#batch === null && this.#poll === null ? performance.now() - this.#lastRequest : 0
      if (silence >= this.#times.sessionTimeout || this.#isStuck()) this.#timeOut()
      else this.#watch(this.#times.sessionTimeout - silence)
    })
  }

  /** True if the client has read nothing of a response since the last check. */
  #isStuck (): boolean {
    const batch = this.#batch
    if (batch === null) return false
    const { unsent } = batch.poll
    const isStuck = unsent === batch.unsent
    batch.unsent = unsent
    return isStuck
  }

  #timeOut (): void {
    this.#owner!.log.info({}, 'a client has made no request for too long: its transport is ended')
    this.terminate()
  }
}
