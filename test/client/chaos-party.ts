import { once } from 'node:events'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import type { InProcessSession } from 'fastify-wamp'
import { connect, WampError } from 'fastify-wamp/client'
import type { ClientError, ClientSession, Serializer, WebSocketClass } from 'fastify-wamp/client'
import { Line } from './chaos-line.ts'

/** The topic that all hear. */
export const FEED = 'com.chaos.feed'

/** An event, as its publisher numbers it. */
export interface Note { readonly from: string, readonly n: number }

/** WebSockets that are not closed yet. */
const sockets = new Set<WebSocket>()

class CountedWebSocket extends WebSocket {
  constructor (url: string, protocols: string[]) {
    super(url, protocols)
    sockets.add(this)
    this.once('close', () => { sockets.delete(this) })
  }
}

/** Resolves when all parties know that their connections are closed. */
export async function allClosed (): Promise<void> {
  await Promise.all([...sockets].map(async (socket) => { await once(socket, 'close') }))
}

/** Something that a party keeps over connections, and how it is given up. */
interface Kept { readonly kind: 'subscription' | 'registration', readonly uri: string, readonly end: () => Promise<void> }

/** A client behind a line of its own: what it did, and what came of it. */
export class Party {
  readonly name: string
  readonly line: Line
  readonly session: ClientSession
  /** How often each call was carried out here, by its number. */
  readonly executed = new Map<number, number>()
  /** What was heard on the feed. */
  readonly heard: Note[] = []
  /** What this party published, and the router has accepted. */
  published = 0
  /** What it subscribes to and registers beyond what all do. */
  readonly kept = new Map<string, Kept>()
  /** What must not have come to an error handler. */
  readonly errors: unknown[] = []
  /** Cut off, and not back yet: maybe it does not know. */
  isCut = false
  #solid = false

  private constructor (name: string, line: Line, session: ClientSession) {
    this.name = name
    this.line = line
    this.session = session
    line.onCut = () => {
      this.isCut = true
      this.#solid = false
    }
    // WELCOME may have passed before the cut.
    session.onState((state) => { if (state === 'open') this.isCut = !line.isUp })
  }

  static async start (t: Test, { name, port, serializer, queue }: { name: string, port: number, serializer: Serializer, queue: number }): Promise<Party> {
    const line = await Line.start(t, port)
    const errors: unknown[] = []
    const session = await connect(line.url, { realm: 'realm1', WebSocket: CountedWebSocket as unknown as WebSocketClass, serializers: [serializer], queue, retry: { first: 2, most: 10 }, onError: (error) => { errors.push(error) } })
    const party = new Party(name, line, session)
    await session.register<[number]>(party.procedure, ({ args: [id], progress }) => {
      party.executed.set(id, (party.executed.get(id) ?? 0) + 1)
      for (const step of [1, 2, 3]) progress?.(step)
      return id
    })
    return party
  }

  get procedure (): string {
    return `com.chaos.${this.name}`
  }

  /** True from when all that it has is restored until it is cut off. */
  get isSolid (): boolean {
    return this.#solid
  }

  /** Hears the feed, by a handler or by an iterator. */
  async hear (how: 'handler' | 'iterator', signal: AbortSignal): Promise<void> {
    if (how === 'handler') {
      await this.session.subscribe<[Note]>(FEED, ({ args: [note] }) => { this.heard.push(note) })
      return
    }
    const run = async (): Promise<void> => {
      for await (const { args: [note] } of this.session.events<[Note]>(FEED, { signal })) this.heard.push(note)
    }
    run().catch((error: unknown) => { this.errors.push(error) })
  }

  /** Whether the router has all that this party has, in its present session. The router is the witness. */
  async look (router: InProcessSession): Promise<boolean> {
    const { cuts } = this.line
    const { id } = this.session
    const own = [[this.procedure, 'registration'], [FEED, 'subscription'], ...[...this.kept.values()].map(({ uri, kind }) => [uri, kind])] as const
    const there = await Promise.all(own.map(async ([uri, kind]) => await holds(router, kind as Kept['kind'], String(uri), id)))
    const isSolid = this.session.state === 'open' && !this.isCut && there.every(Boolean)
    if (cuts === this.line.cuts) this.#solid = isSolid
    return isSolid
  }

  /** Waits until the router has answered all that was sent before; nothing if that is lost. */
  async fence (): Promise<void> {
    await this.session.call('wamp.session.count').catch(() => {})
  }
}

/** True if a session has a subscription or registration. */
async function holds (router: InProcessSession, kind: Kept['kind'], uri: string, session: number): Promise<boolean> {
  const id = await router.call<number | null>(`wamp.${kind}.lookup`, [uri])
  if (id === null) return false
  const procedure = kind === 'subscription' ? 'wamp.subscription.list_subscribers' : 'wamp.registration.list_callees'
  const list = await router.call<number[]>(procedure, [id]).catch((): number[] => [])
  return list.includes(session)
}

/** How a request failed: the code of a ClientError, or `refused` by the router or a callee. */
export function failureOf (error: unknown): ClientError['code'] | 'refused' | 'other' {
  if (error instanceof WampError) return 'refused'
  return (error as Partial<ClientError>).code ?? 'other'
}
