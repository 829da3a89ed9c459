import type { FastifyBaseLogger } from 'fastify'
import { Authenticators } from '../../plugin/auth/authenticators.ts'
import type { Authenticator } from '../../plugin/auth/authenticator.ts'
import type { Cluster } from '../../plugin/cluster/cluster.ts'
import type { Visitor } from '../../plugin/cookie/visitor.ts'
import type { FastifyWampOptions } from '../../plugin/options.ts'
import type { ClientMessage, RouterMessage } from '../../plugin/protocol/message.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { Values } from '../../plugin/protocol/payload.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { clientLayout, toElements, toMessage } from '../../plugin/protocol/wire-format.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { Router } from '../../plugin/router.ts'
import type { Connection } from '../../plugin/session/connection.ts'
import type { CloseKind, Delivery, TlsChannel, Transport, TransportDetails } from '../../plugin/transport/transport.ts'

/** A role that may do everything. */
export const everything = { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }] } as const

/** A message as a client writes it: a list, args and kwargs at its end. */
export type List = readonly unknown[]

/** The message of a list, as a codec makes it. Throws a ProtocolViolation for what is no message. */
export function messageOf (list: List): ClientMessage {
  const layout = clientLayout(list[0])
  const head = layout.fields.length + 1
  const payload = layout.payload ? Payload.of(list[head] as unknown[] | undefined, list[head + 1] as Record<string, unknown> | undefined) : Payload.empty
  return toMessage(layout, layout.payload ? list.slice(0, head) : list, payload)
}

/** The list of a message, as a client reads it. */
export function listOf (message: RouterMessage, { args, kwargs }: Values = valuesOf(message)): unknown[] {
  const elements = toElements(message)
  if (Object.keys(kwargs).length > 0) return [...elements, args, kwargs]
  return args.length > 0 ? [...elements, args] : elements
}

/** The values of a message's payload. */
export function valuesOf (message: RouterMessage): Values {
  return 'payload' in message ? message.payload.values() : { args: [], kwargs: {} }
}

/** A client on a transport without a wire: what it is sent is kept as lists. */
export class TestClient implements Transport {
  readonly details: TransportDetails
  tls: TlsChannel | null = null
  readonly sent: unknown[][] = []
  closedBy: CloseKind | undefined
  connection!: Connection
  /** What `send` answers. */
  delivery: Delivery = 'sent'

  constructor (peer = '192.0.2.1') {
    this.details = { type: 'websocket', protocol: 'wamp.2.json', peer }
  }

  send (message: RouterMessage): Delivery {
    if (this.closedBy !== undefined) return 'closed'
    if (this.delivery === 'sent') this.sent.push(listOf(message))
    return this.delivery
  }

  takes (payload: Payload): boolean {
    return payload.hasForm(null)
  }

  readonly isLosing = false

  caughtUp (): null {
    return null
  }

  /** Whether it is read. */
  flow: 'flowing' | 'paused' = 'flowing'

  pause (): void {
    this.flow = 'paused'
  }

  resume (): void {
    this.flow = 'flowing'
  }

  close (kind: CloseKind): void {
    this.closedBy ??= kind
  }

  /** Sends messages as lists; one that is none is reported as the codec reports it. */
  say (...lists: List[]): this {
    for (const list of lists) {
      let message
      try {
        message = messageOf(list)
      } catch (error) {
        if (!(error instanceof ProtocolViolation)) throw error
        this.connection.fail(error)
        continue
      }
      this.connection.receive(message, JSON.stringify(list).length)
    }
    return this
  }

  /** What came since the last look. */
  heard (): unknown[][] {
    return this.sent.splice(0)
  }

  /** Sends a request, and returns what came until its answer. */
  ask (list: List): unknown[] | undefined {
    this.say(list)
    return this.heard().at(-1)
  }
}

export const HELLO: List = [1, 'realm1', { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } }]

/** A HELLO that announces features of the callee. */
export function helloAs (details: Record<string, unknown> = {}, features: readonly string[] = []): List {
  const callee = { features: Object.fromEntries(features.map((name) => [name, true])) }
  return [1, 'realm1', { roles: { publisher: {}, subscriber: {}, caller: callee, callee }, ...details }]
}

/** What has been started is done: promises that need no timer are settled. */
export function settled (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

/** A router without a port, and clients of it. */
export function buildRouter (given: Partial<FastifyWampOptions> = {}, cluster: Cluster | null = null) {
  const plenty = 1_000_000
  const options = resolveOptions({ realms: { realm1: { roles: { anonymous: everything } } }, failedLogins: { address: plenty, authid: plenty, cookie: plenty }, ...given })
  const logged: string[] = []
  const line = (details: object, text: string): void => { logged.push(`${text} ${'err' in details ? String(details.err) : ''}`) }
  const log = { debug () {}, info () {}, warn: line, error: line, child: () => log } as unknown as FastifyBaseLogger
  const router = new Router(options, log, cluster)
  const authenticators = new Authenticators(options.endpoint.auth, (call) => router.call(call))

  function connect ({ visitor = null, cookieLogin = false, methods, peer }: { visitor?: Visitor | null, cookieLogin?: boolean, methods?: Record<string, Authenticator>, peer?: string } = {}): TestClient {
    const client = new TestClient(peer)
    client.connection = router.connect({
      transport: client, request: null, visitor, cookieLogin, log, authenticators: methods === undefined ? authenticators.entries() : new Map(Object.entries(methods))
    })
    return client
  }

  /** A client that has joined; its WELCOME is taken off. */
  async function join (hello: List = HELLO): Promise<TestClient & { id: number }> {
    const client = connect()
    client.say(hello)
    await settled()
    const [welcome] = client.heard()
    if (welcome?.[0] !== MessageType.Welcome) throw new Error(`no WELCOME but ${JSON.stringify(welcome)}`)
    return Object.assign(client, { id: welcome[1] as number })
  }

  return { router, authenticators, log, connect, join, logged, options }
}
