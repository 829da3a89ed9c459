import t from 'tap'
import { batchedCodecs } from '../helper/batched-codecs.ts'
import { buildApp } from '../helper/build-app.ts'
import type { Peer } from '../helper/peer.ts'
import { connect } from '../helper/transports.ts'
import type { ClientTransport } from '../helper/transports.ts'
import { HELLO, wireCodecs } from '../helper/wire-client.ts'

const cbor = wireCodecs.find(({ name }) => name === 'CBOR')!
const msgpack = wireCodecs.find(({ name }) => name === 'MessagePack')!
const batched = batchedCodecs.find(({ subprotocol }) => subprotocol === 'wamp.2.cbor.batched')!
const ways: readonly ClientTransport[] = [
  cbor, batched, { name: 'RawSocket with CBOR', over: 'RawSocket', codec: cbor }, { name: 'long-poll with CBOR', over: 'long-poll', codec: cbor },
  { name: 'long-poll with CBOR in batches', over: 'long-poll', codec: batched }
]

// cbor-x writes a Uint8Array with tag 64, a Buffer without it, and reads them likewise.
const args = [new Uint8Array([1, 2]), Buffer.from([3])]
const kwargs = { k: [new Uint8Array([4])] }
const typed = [args, kwargs]
const untyped = [[Buffer.from([1, 2]), Buffer.from([3])], { k: [Buffer.from([4])] }]

/** Args and kwargs of the next message of each peer. */
async function payloads (peers: readonly Peer[]): Promise<unknown[]> {
  return await Promise.all(peers.map(async (peer) => (await peer.next()).slice(-2)))
}

for (const way of ways) {
  t.test(`a CBOR client that has sent a typed array receives typed arrays, and others receive them as plain binary data, over ${way.name} [SER-03, TRP-35]`, async (t) => {
    const host = await buildApp(t, {}, undefined, ['RawSocket', 'long-poll'])
    const join = async (transport: ClientTransport, details: object = {}): Promise<Peer> => {
      const client: Peer = await connect(t, host, transport)
      await client.join({ ...details, roles: HELLO[2].roles })
      return client
    }
    const [sender, silent, other, foreign] = [await join(way), await join(way), await join(cbor), await join(msgpack)]
    const withKey = await join(way, { authextra: { key: new Uint8Array([1]) } })
    const peers = [sender, silent, other, foreign, withKey]
    for (const peer of peers) await peer.ask([32, 1, {}, 'com.topic'])
    const event = [16, 2, { exclude_me: false }, 'com.topic', args, kwargs]

    sender.send(event)
    t.strictSame(await payloads(peers), [typed, untyped, untyped, untyped, typed])
    silent.send(event)
    t.strictSame(await payloads(peers), [typed, typed, untyped, untyped, typed])
    foreign.send([16, 2, { exclude_me: false }, 'com.topic', untyped[0], untyped[1]])
    t.strictSame(await payloads(peers), [untyped, untyped, untyped, untyped, untyped], 'binary data of other serializers has no type')

    await sender.ask([64, 3, {}, 'com.echo'])
    for (const [caller, expected] of [[silent, typed], [other, typed], [sender, typed]] as const) {
      caller.send([48, 4, {}, 'com.echo', args, kwargs])
      const [, request, , , ...received] = await sender.next()
      t.strictSame(received, expected)
      sender.send([70, request, {}, ...received])
      t.strictSame((await caller.next()).slice(-2), typed)
    }
  })
}
