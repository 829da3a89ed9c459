import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type { FastifyWampOptions } from 'fastify-wamp'
import { batchedCodecs } from './batched-codecs.ts'
import { buildApp } from './build-app.ts'
import { buildClusterHost } from './cluster-host.ts'
import { allSerializers, customBatches, customCodecs } from './custom-serializers.ts'
import { InProcessClient } from './in-process-client.ts'
import { LongPollClient } from './long-poll-client.ts'
import { RawSocketClient } from './raw-socket-client.ts'
import { HELLO, WireClient, wireCodecs } from './wire-client.ts'
import type { WireCodec } from './wire-client.ts'

/** RawSocket with a serializer. */
export interface OverRawSocket { readonly name: string, readonly over: 'RawSocket', readonly codec: WireCodec }
/** Long-poll with a serializer, in batches or not. */
export interface OverLongPoll { readonly name: string, readonly over: 'long-poll', readonly codec: WireCodec }
/** How clients reach the router: over WebSocket, RawSocket or long-poll in a serializer, or in its own process. */
export type ClientTransport = WireCodec | OverRawSocket | OverLongPoll | typeof inProcess | typeof acrossNodes
/** A client over such a transport. */
export type ClientOver<T extends ClientTransport> = T extends WireCodec ? WireClient : T extends OverRawSocket ? RawSocketClient : T extends OverLongPoll ? LongPollClient : InProcessClient

export const inProcess = { name: 'the in-process transport' } as const
/** In process, but clients are connected to two nodes of a cluster by turns. */
const acrossNodes = { name: 'two nodes of a cluster', nodes: 2 } as const
// Who separates as AutobahnPython does is answered so once it has spoken: a silent client could not read its ABORT.
const batched = batchedCodecs.filter(({ subprotocol }, i) => batchedCodecs.findIndex((other) => other.subprotocol === subprotocol) === i)
const rawSockets: readonly OverRawSocket[] = wireCodecs.map((codec) => ({ name: `RawSocket with ${codec.name}`, over: 'RawSocket', codec }))
const longPolls: readonly OverLongPoll[] = [...wireCodecs, ...batched].map((codec) => ({ name: `long-poll with ${codec.name}`, over: 'long-poll', codec }))
const custom: readonly ClientTransport[] = [
  ...customCodecs, ...customBatches,
  ...customCodecs.map((codec) => ({ name: `RawSocket with ${codec.name}`, over: 'RawSocket', codec } as const)),
  ...[...customCodecs, ...customBatches].map((codec) => ({ name: `long-poll with ${codec.name}`, over: 'long-poll', codec } as const))
]
const kinds = { custom, all: [...wireCodecs, ...batched, ...rawSockets, ...longPolls, inProcess], RawSocket: rawSockets, 'long-poll': longPolls, cluster: [acrossNodes] }
/**
 * All of them, each subprotocol once, but RawSocket and long-poll with one subprotocol. If the variable TRANSPORTS is `all`, they have all
 * subprotocols; if it is `RawSocket` or `long-poll`, there are no others; if it is `custom`, all of them have serializers of the app; if it is `cluster`, clients are connected to two nodes. A further transport needs its place here, and a client in `connect`.
 */
export const transports: readonly ClientTransport[] = kinds[process.env.TRANSPORTS as keyof typeof kinds] ?? [...wireCodecs, ...batched, rawSockets[1]!, longPolls[0]!, inProcess]

/** Runs a test once over each transport, except those of a kind that has tests of its own. */
export function forEachTransport (t: Test, name: string, test: (t: Test, transport: ClientTransport) => Promise<void>, except?: OverLongPoll['over']): void {
  for (const transport of transports) if (!('over' in transport) || transport.over !== except) t.test(`${name}, over ${transport.name}`, (t) => test(t, transport))
}

/** An app, and clients of it over one transport. */
export interface Host<T extends ClientTransport = ClientTransport> {
  readonly app: FastifyInstance
  readonly url: string
  /** A client without a session. */
  connect (): Promise<ClientOver<T>>
  /** A client that has joined realm1 with these details of HELLO. */
  join (details?: object, roles?: object): Promise<ClientOver<T>>
}

/** An app, for clients of this transport. */
export async function buildHost<T extends ClientTransport> (t: Test, transport: T, options: Partial<FastifyWampOptions> = {}): Promise<Host<T>> {
  if ('nodes' in transport) {
    const { app, connect } = await buildClusterHost(t, options)
    return hostOf(app, '', async () => connect() as ClientOver<T>)
  }
  const isCustom = custom.includes(transport)
  const { app, url } = await buildApp(t, { ...(isCustom ? { serializers: allSerializers } : {}), ...options }, undefined, 'over' in transport ? [transport.over] : [])
  return hostOf(app, url, async () => await connect(t, { app, url }, transport))
}

function hostOf<T extends ClientTransport> (app: FastifyInstance, url: string, open: () => Promise<ClientOver<T>>): Host<T> {
  const join = async (details: object = {}, roles: object = HELLO[2].roles): Promise<ClientOver<T>> => {
    const client = await open()
    await client.join({ ...details, roles })
    return client
  }
  return { app, url, connect: open, join }
}

/** A further client of an app, over any transport. */
export async function connect<T extends ClientTransport> (t: Test, { app, url }: { readonly app: FastifyInstance, readonly url: string }, transport: T): Promise<ClientOver<T>> {
  const way: ClientTransport = transport
  if ('over' in way && way.over === 'long-poll') return await LongPollClient.connect(t, `${url.replace(/^ws/, 'http').slice(0, -'/ws'.length)}/lp`, way.codec) as ClientOver<T>
  if ('over' in way) {
    const { port } = app.wampRawSockets[0]!.address() as AddressInfo
    return await RawSocketClient.connect(t, { to: { port, host: '127.0.0.1' }, codec: way.codec }) as ClientOver<T>
  }
  return ('subprotocol' in way ? await WireClient.connect(t, url, way) : InProcessClient.connect(t, app)) as ClientOver<T>
}
