// Messages that wait for an authorizer, which answers when the bench says so.
import { fill, json } from './frames.mjs'

const SHORTEST = '[16,1,{},"a"]'
/** About as many of the shortest PUBLISH as `limits.parkedBytes` lets wait. */
const MOST = 80_000
const parked = fill(() => json(SHORTEST), MOST * json(SHORTEST).length)
const calls = fill((n) => json(`[48,${n + 1},{},"a"]`), 65_000 * 26)

/** The authorizer thinks about one PUBLISH, and the messages of the block wait. */
const park = (block) => async ({ peer, router }) => {
  await router.ask('hold')
  const { received } = await router.ask('state')
  peer.socket.write(json([16, 1, {}, 'bench.first']))
  peer.socket.write(block)
  await router.ask('settled', { received: received + block.length })
}
const wait = { realm: 'thinking', fresh: true }

/** The decision comes. It counts for the octets that were parked before. */
const decide = (octets) => async ({ router }) => {
  await router.ask('decide')
  return octets
}

const leave = (octets) => ({ peer }) => {
  peer.socket.destroy()
  return octets
}

/** A router of its own: otherwise the decision would also release what earlier attackers have left behind. */
const alone = async () => ({})

export const parking = [
  { ...wait, name: 'parked: CANCEL of an unknown call, 80,000 wait', before: park(parked), message: () => [49, 1, {}] },
  { ...wait, name: 'parked: CANCEL of CALLs that wait', reads: true, before: park(calls), message: (n) => [49, 2 * n + 1, {}] },
  { ...wait, name: 'parked: more comes, 80,000 wait', before: park(parked), message: () => SHORTEST },
  { ...wait, name: 'parked: the decision, 80,000 PUBLISHes wait', setUp: alone, before: park(parked), act: decide(parked.length) },
  { ...wait, name: 'parked: the client is gone, 80,000 wait', before: park(parked), act: leave(parked.length) }
]
