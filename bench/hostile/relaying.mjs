// Ordinary messages that cause octets to be sent: what these cost is the allowance for octets of the same kind that are sent because of an attack.
import { fill, json } from './frames.mjs'
import { Peer } from './peer.mjs'

const payload = ['x'.repeat(4000)]
const SIZE = 1 << 20

async function subscriber (router) {
  const peer = await Peer.join(router)
  await peer.ask([32, 1, {}, 'bench.relayed'])
  peer.ignore('read')
  return { peers: [peer] }
}

async function callee (router) {
  const peer = await Peer.join(router)
  await peer.ask([64, 1, {}, 'bench.relayed'])
  peer.hear(([, invocation]) => { peer.socket.write(json([70, invocation, {}, payload])) })
  return { peers: [peer] }
}

/** Subscribes to prefixes of one topic: each publication is sent so many times, as short events. */
const PREFIXES = 50
async function prefixes (router) {
  const peer = await Peer.join(router)
  for (let i = 1; i <= PREFIXES; i++) await peer.ask([32, i, { match: 'prefix' }, `bench.${'s'.repeat(i)}`])
  peer.ignore('read')
  return { peers: [peer] }
}

const answer = (kind, octets) => ({ name: `CALL, RESULT of ${octets} octets of ${kind}`, kind, warm: 20, reads: true, size: 4096, message: (n) => [48, n + 1, {}, `bench.${kind}`] })

/** `kind` is one of those of allowances.mjs. */
export const relaying = [
  { name: 'PUBLISH, EVENT of 4,000 octets', kind: 'payloads', setUp: subscriber, warm: 60, size: SIZE, message: () => [16, 1, {}, 'bench.relayed', payload] },
  { name: 'CALL, RESULT of 4,000 octets', kind: 'payloads', setUp: callee, warm: 60, reads: true, act: calls },
  { name: 'PUBLISH, EVENTs of 130 octets', kind: 'events', setUp: prefixes, warm: 20, message: () => [16, 1, {}, `bench.${'s'.repeat(PREFIXES)}`, ['x'.repeat(20)]] },
  answer('ids', '17,000'),
  answer('logins', '70,000')
]

/** The caller writes the CALLs, and the callee about as many octets of YIELDs. */
async function calls ({ peer, attacker }) {
  const block = fill(() => json([48, ++attacker.n, {}, 'bench.relayed', payload]), SIZE)
  peer.socket.write(block)
  return 2 * block.length
}
