import type { Received, Subscription } from '../plugin/peer/session-types.ts'
import { subscribeToPayloads } from '../plugin/in-process/in-process-session.ts'
import type { InProcessSession } from '../plugin/in-process/in-process-session.ts'
import type { Id } from '../plugin/protocol/id.ts'
import type { SubscribeOptions } from '../plugin/protocol/message.ts'
import { Payload } from '../plugin/protocol/payload.ts'
import type { SessionLog } from '../plugin/session/session-log.ts'
import { enqueue, spendOctets } from '../plugin/work.ts'
import { OpenResponses } from './connection-of.ts'
import { EventChunk } from './event-chunk.ts'
import { EventReadable } from './event-readable.ts'
import { octetsOf } from './event-text.ts'
import type { PublishedEvent } from './event-text.ts'
import { missedEvents } from './missed-events.ts'

/** Milliseconds that a client has to read the rest. */
const CLOSE_TIMEOUT = 1000

/** The part of a response, of HTTP/1.1 or a stream of HTTP/2, that tells how far the client has read. */
export interface Outflow {
  /** True while more waits for the client than Node.js should be given. */
  readonly writableNeedDrain: boolean
  on (event: 'drain', callback: () => void): unknown
}

/** The open streams of each connection. */
export const streamsOf = new OpenResponses()

/** The last of the streams of each connection that are given what they missed. Never rejects. */
const lines = new WeakMap<object, Promise<void>>()

/** Does work for a connection when the work before it is done. */
async function inLine (connection: object, work: () => Promise<void>): Promise<void> {
  const done = (lines.get(connection) ?? Promise.resolve()).then(work)
  lines.set(connection, done.catch(() => {}))
  await done
}

/** The events of some topics as text, for one client. */
export class EventStream {
  readonly readable = new EventReadable({ read: () => { this.#wanted() } })
  readonly #chunk = new EventChunk((octets) => { this.readable.push(octets) })
  /** Whom its work is for. */
  readonly #owner: object
  /** Bytes that its streams may have wait together. */
  readonly #bufferedBytes: number
  /** Ends the response at once. */
  readonly #cut: () => void
  readonly #outflow: Outflow
  readonly #log: SessionLog
  #formlessLevel: 'warn' | 'debug' = 'warn'
  readonly #subscriptions: Subscription[] = []
  /** Takes back that the session tells of its end: it may serve many streams. */
  #forget = (): void => {}
  #wanted: () => void = () => {}
  #ended: () => void = () => {}
  /** Leaves the line for a turn. */
  #leave: () => void = () => {}
  /** The events that arrive while the client is sent those that it missed, and their size in octets. */
  #held: { readonly retained: Map<Id, Buffer>, readonly events: Map<Id, Buffer>, size: number } | null = null
  #state: 'open' | 'ended' = 'open'

  constructor ({ owner, bufferedBytes, cut, outflow, log }: { owner: object, bufferedBytes: number, cut: () => void, outflow: Outflow, log: SessionLog }) {
    this.#owner = owner
    this.#bufferedBytes = bufferedBytes
    this.#cut = cut
    this.#outflow = outflow
    this.#log = log
    this.readable.push('retry: 3000\n\n')
    this.readable.once('close', () => { this.end() })
    outflow.on('drain', () => { this.#wanted() })
  }

  /** Rejects with the WampError of a refusal. */
  async open (session: InProcessSession, { topics, options, last }: { topics: readonly string[], options: SubscribeOptions, last: Id | null }): Promise<void> {
    // The id says where a client was in one history: of several, it would miss some all the same.
    const missed = topics.length === 1 ? last : null
    if (missed !== null) this.#held = { retained: new Map(), events: new Map(), size: 0 }
    try {
      for (const topic of topics) {
        // An authorizer may think about each of them, and the client be gone meanwhile.
        if (this.#state === 'ended') break
        this.#subscriptions.push(await subscribeToPayloads(session, topic, (event) => { this.#write(topic, event) }, options))
      }
    } catch (error) {
      this.end()
      throw error
    }
    if (this.#state === 'ended') return this.#unsubscribe()
    this.#forget = session.whenClosed(() => { this.end() })
    // If that fails the browser comes back, and asks again.
    if (missed !== null) this.#catchUp(session, missed).catch(() => { this.end() })
  }

  comment (): void {
    if (this.#state === 'open') this.readable.push(':\n\n')
  }

  /** Calls back when it has ended. Its data need not be read then: a response that waits behind another one never tells that its client has gone. */
  whenEnded (tell: () => void): void {
    if (this.#state === 'ended') tell()
    else this.#ended = tell
  }

  /** A browser comes back by itself. */
  end (): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#wanted()
    this.#leave()
    this.#chunk.flush()
    this.readable.push(null)
    setTimeout(this.#cut, CLOSE_TIMEOUT).unref()
    this.#forget()
    this.#unsubscribe()
    this.#ended()
  }

  /** In later turns, because clients may end thousands of streams at once, of a hundred topics each. Nothing is left to do if the session ends as well. */
  #unsubscribe (): void {
    enqueue({
      work: () => {
        this.#subscriptions.pop()?.unsubscribe().catch(() => {})
        return this.#subscriptions.length > 0
      }
    })
  }

  /**
   * Gives the client what it missed, and then what came meanwhile. A page of that may be as large as a message, so a connection is given
   * one at a time, as fast as its client reads.
   */
  async #catchUp (session: InProcessSession, last: Id): Promise<void> {
    const [{ id, topic }] = this.#subscriptions as [Subscription]
    const had = new Set([last])
    const textOf = (event: Received): Buffer | null => {
      had.add(event.publication)
      return this.#octetsOf(topic, { ...event, payload: Payload.of(event.args, event.kwargs) })
    }
    await inLine(this.#owner, async () => {
      const whenUnneeded = (leave: () => void): void => { this.#leave = leave }
      if (this.#state === 'open') await this.#pass(missedEvents(session, { subscription: id, last, owner: this.#owner, whenUnneeded, textOf }))
    })
    if (this.#state === 'ended') return
    const held = this.#held!
    this.#held = null
    // A retained event that is also a missed one has already been sent, in its place.
    for (const events of [held.retained, held.events]) {
      for (const [publication, octets] of events) if (!had.has(publication)) this.#push(octets)
    }
  }

  async #pass (events: AsyncIterable<Buffer>): Promise<void> {
    for await (const octets of events) {
      if (this.#state === 'ended') return
      this.readable.push(octets)
      if (await this.#isRead() === 'ended') return
    }
  }

  /** Resolves when the client has read enough to be given more, or when the stream has ended. */
  async #isRead (): Promise<'open' | 'ended'> {
    const { readable } = this
    while (this.#state === 'open' && (readable.readableLength >= readable.readableHighWaterMark || this.#outflow.writableNeedDrain)) {
      await new Promise<void>((resolve) => { this.#wanted = resolve })
    }
    return this.#state
  }

  #write (topic: string, event: PublishedEvent): void {
    if (this.#state === 'ended') return
    const octets = this.#octetsOf(topic, event)
    if (octets === null) return
    if (this.#held === null) return this.#push(octets)
    const { retained, events } = this.#held
    const held = event.details['retained'] === true ? retained : events
    held.set(event.publication, octets)
    this.#held.size += octets.length
    if (this.#held.size > this.#share) this.#giveUp()
  }

  /** An event as a client reads it, or null if JSON cannot represent its values. */
  #octetsOf (topic: string, event: PublishedEvent): Buffer | null {
    return octetsOf(topic, event, (error) => {
      this.#log[this.#formlessLevel]({ err: error, topic }, 'JSON cannot represent an event; further ones are logged at debug')
      this.#formlessLevel = 'debug'
    })
  }

  #push (octets: Buffer): void {
    if (this.#state === 'ended') return
    if (this.readable.readableLength + this.#chunk.queued > this.#share) return this.#giveUp()
    spendOctets(octets.length)
    this.#chunk.add(octets)
  }

  /** Of what may wait for its connection. */
  get #share (): number {
    return this.#bufferedBytes / Math.max(1, streamsOf.of(this.#owner))
  }

  /** Ends the stream of a client that does not read: its waiting events are dropped. */
  #giveUp (): void {
    this.end()
    this.#cut()
  }
}
