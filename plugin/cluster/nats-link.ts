import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { ConsumerMessages, JetStreamClient } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import type { ClusterLink, LinkReceiver, LinkState } from './cluster-link.ts'
import type { NodeId } from './node-id.ts'
import { Divider, Joiner } from './parts.ts'

/** The number of entries that the log keeps: for nodes that follow it late. */
const MOST_ENTRIES = 1_000_000
/** The time in which the library finds out that a server is gone, in milliseconds: two pings that it does not answer. */
const PING_INTERVAL = 1_000
const MOST_PINGS = 2
const RECONNECT_WAIT = 250
/** The octets of a message that a server accepts by default. */
const DEFAULT_PAYLOAD = 2 ** 20
/** Without entries, the server says in this interval that it is there, in milliseconds. */
const IDLE_HEARTBEAT = 1_000

/** The connection to NATS: core NATS for messages, and a JetStream stream for the log. */
export class NatsLink implements ClusterLink {
  readonly #servers: readonly string[]
  /** The subjects start with it. */
  readonly #prefix: string
  readonly #stream: string
  #connection: NatsConnection | undefined
  #jetstream: JetStreamClient | undefined
  #entries: ConsumerMessages | undefined
  #receiver: LinkReceiver | undefined
  #node: NodeId = ''
  readonly #divider = new Divider()
  readonly #joiner = new Joiner()
  #state: LinkState = 'down'

  /** `name` is that of the cluster: letters, digits, `-` and `_`. */
  constructor ({ servers, name }: { servers: readonly string[], name: string }) {
    this.#servers = servers
    this.#prefix = `wamp.${name}`
    this.#stream = `WAMP_${name}`
  }

  get state (): LinkState {
    return this.#state
  }

  async open (node: NodeId, receiver: LinkReceiver): Promise<void> {
    this.#receiver = receiver
    this.#node = node
    // Without an echo, a message to all does not come back.
    const connection = await connect({
      servers: [...this.#servers],
      name: `fastify-wamp ${node}`,
      noEcho: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT,
      pingInterval: PING_INTERVAL,
      maxPingOut: MOST_PINGS
    })
    this.#connection = connection
    this.#state = 'up'
    this.#watch(connection).catch(() => {})
    for (const subject of [`${this.#prefix}.node.${node}`, `${this.#prefix}.all`]) {
      connection.subscribe(subject, { callback: (error, message) => { if (error === null) receiver.message(message.data) } })
    }
    for (const subject of [`${this.#prefix}.parts.*.node.${node}`, `${this.#prefix}.parts.*.all`]) {
      connection.subscribe(subject, { callback: (error, message) => { if (error === null) this.#join(message.subject, message.data) } })
    }
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: this.#stream, subjects: [`${this.#prefix}.log`], max_msgs: MOST_ENTRIES, deny_delete: true })
    this.#jetstream = jetstream(connection)
    const consumer = await this.#jetstream.consumers.get(this.#stream)
    this.#entries = await consumer.consume({ idle_heartbeat: IDLE_HEARTBEAT, callback: ({ seq, data }) => { receiver.entry(seq, data) } })
  }

  async append (octets: Uint8Array): Promise<void> {
    if (this.#jetstream === undefined) throw new Error('the link is not open')
    await this.#jetstream.publish(`${this.#prefix}.log`, octets)
  }

  send (to: NodeId, octets: Uint8Array): void {
    this.#publish(`node.${to}`, octets)
  }

  broadcast (octets: Uint8Array): void {
    this.#publish('all', octets)
  }

  async flush (): Promise<void> {
    if (this.#state !== 'up') throw new Error('the link is down')
    await this.#connection!.flush()
  }

  async close (): Promise<void> {
    this.#change('closed')
    await this.#entries?.close()
    await this.#connection?.close()
  }

  #publish (to: string, octets: Uint8Array): void {
    // While it connects again, the library would keep it, and send it when nobody expects it any more.
    if (this.#state !== 'up') return
    const connection = this.#connection!
    const most = connection.info?.max_payload ?? DEFAULT_PAYLOAD
    if (octets.length <= most) return connection.publish(`${this.#prefix}.${to}`, octets)
    for (const part of this.#divider.divide(octets, most)) connection.publish(`${this.#prefix}.parts.${this.#node}.${to}`, part)
  }

  #join (subject: string, part: Uint8Array): void {
    const message = this.#joiner.join(subject, Buffer.from(part.buffer, part.byteOffset, part.byteLength))
    if (message !== null) this.#receiver?.message(message)
  }

  async #watch (connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#change('down')
      else if (type === 'reconnect') this.#change('up')
    }
  }

  #change (state: LinkState): void {
    if (this.#state === state || this.#state === 'closed') return
    this.#state = state
    this.#joiner.clear()
    this.#receiver?.changed(state)
  }
}
