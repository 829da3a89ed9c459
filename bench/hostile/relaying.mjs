// Relaying of payloads of 4,000 octets: the allowance for octets that are sent because of an attack.
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

export const relaying = [
  { name: 'PUBLISH, EVENT of 4,000 octets', setUp: subscriber, warm: 60, size: SIZE, message: () => [16, 1, {}, 'bench.relayed', payload] },
  { name: 'CALL, RESULT of 4,000 octets', setUp: callee, warm: 60, reads: true, act: calls }
]

/** The caller writes the CALLs, and the callee about as many octets of YIELDs. */
async function calls ({ peer, attacker }) {
  const block = fill(() => json([48, ++attacker.n, {}, 'bench.relayed', payload]), SIZE)
  peer.socket.write(block)
  return 2 * block.length
}
