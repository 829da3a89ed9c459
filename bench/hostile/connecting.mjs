// Handshakes, protocol violations, and WebSocket's own frames.
import { fill, frame, json, BLOCK } from './frames.mjs'
import { Peer, roles, upgrade } from './peer.mjs'

const websocket = { way: 'websocket' }
const hello = (details = {}) => [1, 'realm1', { roles: { caller: {} }, ...details }]
const nonce = Buffer.alloc(16, 2).toString('base64')
const methods = {
  ticket: { authid: 'joe' },
  wampcra: { authid: 'joe' },
  'wamp-scram': { authid: 'joe', authextra: { nonce, channel_binding: null } },
  cryptosign: { authid: 'joe', authextra: { pubkey: '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c' } }
}
const features = { caller: { features: Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`feature${i}`, true])) } }
const abort = [3, {}, 'a.b']
/** HELLO and ABORT in turn: each begins a handshake, and ends it. */
const aborted = (name, details) => ({ ...websocket, name: `HELLO, ABORT in turn${name}`, reads: true, message: (n) => n % 2 === 0 ? hello(details) : abort })

/** Many connections join and leave in turn, as long as 64 KiB last. */
async function joinAndLeave ({ shared: { peers } }) {
  const [first, second] = [json(hello()), json([6, {}, 'wamp.close.normal'])]
  const rounds = Math.floor(BLOCK / peers.length / (first.length + second.length))
  await Promise.all(peers.map(async (peer) => {
    for (let i = 0; i < rounds; i++) {
      await peer.ask(hello())
      await peer.ask([6, {}, 'wamp.close.normal'])
    }
  }))
  return rounds * peers.length * (first.length + second.length)
}
const hundred = async (router) => ({ peers: await Promise.all(Array.from({ length: 100 }, () => Peer.websocket(router))) })

/** As many connections as 64 KiB of upgrade requests are, each with one message of its own. */
const connections = (message) => async ({ router }) => {
  const more = message === undefined ? Buffer.alloc(0) : json(message)
  const each = upgrade().length + more.length
  const peers = await Promise.all(Array.from({ length: Math.floor(BLOCK / each) }, () => Peer.websocket(router)))
  for (const peer of peers) {
    if (message !== undefined) peer.socket.write(more)
    peer.ignore('read')
  }
  setTimeout(() => { for (const { socket } of peers) socket.destroy() }, 1000)
  return peers.length * each
}

export const handshakes = [
  aborted('', {}),
  ...Object.entries(methods).map(([method, details]) => aborted(`, ${method}`, { authmethods: [method], ...details })),
  aborted(', 4,000 methods', { authmethods: Array.from({ length: 4000 }, (_, i) => `method${i}`).concat('ticket'), authid: 'joe' }),
  { ...websocket, name: 'HELLO with 4,000 features, ABORT in turn', reads: true, message: (n) => n % 2 === 0 ? [1, 'realm1', { roles: features }] : abort },
  { ...websocket, name: 'HELLO with unknown methods', reads: true, fresh: true, message: () => hello({ authmethods: ['nothing'] }) },
  { way: 'none', name: 'HELLO, GOODBYE in turn on 100 connections', setUp: hundred, act: joinAndLeave },
  { ...websocket, name: 'AUTHENTICATE without a CHALLENGE', fresh: true, message: () => [5, 'x', {}] },
  { ...websocket, name: 'AUTHENTICATE again and again', fresh: true, message: (n) => n === 0 ? hello({ authmethods: ['ticket'], authid: 'joe' }) : [5, 'wrong', {}] },
  { name: 'HELLO twice', fresh: true, message: () => [1, 'realm1', { roles }] },
  { way: 'none', name: 'connections', warm: 2, bare: true, act: connections() },
  { way: 'none', name: 'connections with a wrong AUTHENTICATE', warm: 2, bare: true, act: connections([5, 'x', {}]) },
  { way: 'none', name: 'connections that join', warm: 2, bare: true, act: connections(hello()) },
  { way: 'none', name: 'connections with a wrong message', warm: 2, bare: true, act: connections([99]) }
]

const raw = (make) => ({ frame: make })
const ping = (length) => raw(() => frame(Buffer.alloc(length), 0x89))

export const violations = [
  { name: 'a message that is not JSON', fresh: true, ...raw(() => json('[')) },
  { name: 'a message that is nested deep', fresh: true, ...raw(() => json(`[16,1,{},"a",${'['.repeat(30_000)}${']'.repeat(30_000)}]`)) },
  { name: 'text that is not UTF-8', fresh: true, ...raw(() => frame(Buffer.alloc(64, 0xff))) },
  { name: 'long text whose end is not UTF-8', fresh: true, ...raw(() => frame(Buffer.concat([Buffer.alloc(65_000, 'x'), Buffer.from([0xff])]))) },
  { name: 'the greatest ids', reads: true, message: () => `[34,9007199254740992,9007199254740992,{"a":[${'9007199254740992,'.repeat(100)}1]}]` }
]

export const controls = [
  { name: 'pings', reads: true, ...ping(0) },
  { name: 'pings, not read', ...ping(0) },
  { name: 'pings of 125 octets', reads: true, ...ping(125) },
  { name: 'pongs', ...raw(() => frame(Buffer.alloc(0), 0x8a)) },
  { name: 'empty messages', fresh: true, ...raw(() => frame(Buffer.alloc(0))) },
  { name: 'empty fragments', fresh: true, ...raw((n) => frame(Buffer.alloc(0), n === 0 ? 0x01 : 0x00)) },
  { name: 'fragments of one octet', fresh: true, ...raw((n) => frame(Buffer.from(n === 0 ? '[' : '1'), n === 0 ? 0x01 : 0x00)) },
  { name: 'PUBLISHes in fragments of one octet', act: ({ peer }) => { peer.socket.write(fragmented); return fragmented.length } },
  { name: 'a message of 1 MiB, octet by octet', size: 7 * 1_048_000, fresh: true, warm: 0, ...raw((n) => frame(Buffer.from(n === 0 ? '[' : '1'), n === 0 ? 0x01 : 0x00)) },
  { name: 'WebSocket close frames', fresh: true, ...raw(() => frame(Buffer.from([3, 232]), 0x88)) }
]
const text = '[16,1,{},"a"]'
const fragmented = fill(() => Buffer.concat([...text].map((octet, i) => frame(Buffer.from(octet), i === 0 ? 0x01 : i < text.length - 1 ? 0x00 : 0x80))))
