// CALL, CANCEL, YIELD, ERROR, REGISTER, UNREGISTER, and contracts.
import { Peer } from './peer.mjs'

const letters = (last) => [...Array.from({ length: 63 }, () => 'a'), last].join('.')
const manyPatterns = (router) => router.ask('registerBranching', { count: 8192, last: 'z' })
const slow = (router) => router.ask('share', { count: 1, procedure: 'bench.slow', invoke: 'single' })
const shared = (router) => router.ask('share', { count: 5000, procedure: 'bench.shared', invoke: 'roundrobin' })
const manyKeys = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`key${i}`, 1]))

/** 5,000 callees that are at the limit of their concurrency. */
const busy = (invoke) => async (router) => {
  await router.ask('share', { count: 5000, procedure: 'bench.busy', invoke, concurrency: 1 })
  const peer = await Peer.join(router)
  for (let i = 1; i <= 5000; i++) peer.socket.write(callFrame(i))
  return { peers: [peer] }
}
const callFrame = (request) => {
  const body = Buffer.from(JSON.stringify([48, request, {}, 'bench.busy']))
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body])
}

/** Becomes a callee, and answers one invocation. */
async function answersOne ({ peer }) {
  const procedure = `bench.of${peer.id}`
  await peer.ask([64, 1, {}, procedure])
  const [, invocation] = await peer.ask([48, 1, {}, procedure])
  await peer.ask([70, invocation, {}])
}

/** Learns the id that the next registration will have. */
async function countsIds ({ peer, attacker }) {
  const [, , id] = await peer.ask([64, 1, {}, `bench.counted${peer.id}`])
  await peer.ask([66, 2, id])
  attacker.base = id
}
const inTurn = (procedure, options) => (n, { attacker }) => n % 2 === 0 ? [64, 1, options, procedure(n)] : [66, 1, attacker.base + (n + 1) / 2]

/** Joins the callees of one procedure. */
async function learnsShared ({ peer, attacker }) {
  const [, , id] = await peer.ask([64, 1, { invoke: 'roundrobin' }, 'bench.shared'])
  attacker.base = id
}

/** Attacks by callers. */
export const calling = [
  { name: 'CALL of an unknown procedure', reads: true, message: (n) => [48, n + 1, {}, 'bench.nothing'] },
  { name: 'CALL of an invalid URI', reads: true, message: (n) => [48, n + 1, {}, 'a..b'] },
  { name: 'CALL of bench.echo', reads: true, message: (n) => [48, n + 1, {}, 'bench.echo', [1]] },
  { name: 'CALL among 8,192 patterns, long procedure', setUp: manyPatterns, reads: true, message: (n) => [48, n + 1, {}, letters(`p${n}`.padEnd(400, 'x'))] },
  { name: 'CALL among 8,192 patterns, short procedures that vary', setUp: manyPatterns, reads: true, message: (n) => [48, n + 1, {}, letters(`p${n}`)] },
  { name: 'CALL of a slow callee', setUp: slow, fresh: true, reads: true, message: (n) => [48, n + 1, {}, 'bench.slow'] },
  { name: 'CALL of a slow callee, with a timeout', setUp: slow, fresh: true, reads: true, message: (n) => [48, n + 1, { timeout: 100_000 - n }, 'bench.slow'] },
  { name: 'CALL, CANCEL in turn', setUp: slow, reads: true, message: (n) => n % 2 === 0 ? [48, n + 1, {}, 'bench.slow'] : [49, n, {}] },
  { name: 'CALL, CANCEL in turn, mode kill', setUp: slow, fresh: true, reads: true, message: (n) => n % 2 === 0 ? [48, n + 1, {}, 'bench.slow'] : [49, n, { mode: 'kill' }] },
  { name: 'CALL by progress, without an end', setUp: slow, fresh: true, reads: true, message: () => [48, 1, { progress: true }, 'bench.slow'] },
  { name: 'CALL with options of 4,000 keys', reads: true, message: (n) => [48, n + 1, manyKeys, 'bench.nothing'] },
  { name: 'CALL with kwargs of 4,000 keys', reads: true, message: (n) => [48, n + 1, {}, 'bench.nothing', [], manyKeys] },
  ...['roundrobin', 'random', 'first', 'last'].map((invoke) => (
    { name: `CALL of 5,000 callees that are busy, ${invoke}`, setUp: busy(invoke), reads: true, message: (n) => [48, n + 1, {}, 'bench.busy'] })),
  { name: 'CANCEL of an unknown call', message: () => [49, 1, {}] }
]

/** Attacks by callees. */
export const registering = [
  { name: 'YIELD for an invocation that is over', arm: answersOne, message: () => [70, 1, {}] },
  { name: 'ERROR for an invocation that is over', arm: answersOne, message: () => [8, 68, 1, {}, 'a.b'] },
  { name: 'REGISTER of an existing procedure', reads: true, message: () => [64, 1, {}, 'bench.echo'] },
  { name: 'REGISTER of an invalid URI', reads: true, message: () => [64, 1, {}, 'a..b'] },
  { name: 'REGISTER of distinct procedures', reads: true, fresh: true, message: (n, { peer }) => [64, 1, {}, `b${peer.id}.${n}`] },
  { name: 'REGISTER, UNREGISTER in turn', reads: true, arm: countsIds, message: inTurn((n) => `bench.turn${n}`, {}) },
  { name: 'REGISTER, UNREGISTER in turn, 64 wildcards', reads: true, arm: countsIds, message: inTurn((n) => `${'.'.repeat(63)}t${n}`, { match: 'wildcard' }) },
  { name: 'REGISTER, UNREGISTER in turn among 5,000 callees', setUp: shared, reads: true, arm: learnsShared, message: (n, { attacker }) => n % 2 === 0 ? [66, 1, attacker.base] : [64, 1, { invoke: 'roundrobin' }, 'bench.shared'] },
  { name: 'REGISTER again and again among 5,000 callees', setUp: shared, reads: true, arm: learnsShared, message: () => [64, 1, { invoke: 'roundrobin' }, 'bench.shared'] },
  { name: 'UNREGISTER of an unknown registration', reads: true, message: () => [66, 1, 1] }
]

/** Attacks on a realm with a contract. */
export const contracted = [
  { name: 'contract: CALL, wrong args', realm: 'contract', reads: true, message: (n) => [48, n + 1, {}, 'bench.checked', ['123456789']] },
  { name: 'contract: CALL, 1,000 right args and a wrong one', realm: 'contract', reads: true, message: (n) => [48, n + 1, {}, 'bench.checked', [...Array.from({ length: 1000 }, () => 'x'), 1]] },
  { name: 'contract: CALL, wrong kwargs with distinct long names', realm: 'contract', reads: true, message: (n) => [48, n + 1, {}, 'bench.checked', [], { [`key${n}`.padEnd(8000, '~/')]: 'x' }] },
  { name: 'contract: PUBLISH, wrong args', realm: 'contract', message: () => [16, 1, {}, 'bench.checked', [1]] },
  { name: 'contract: PUBLISH, one long wrong string', realm: 'contract', message: () => [16, 1, {}, 'bench.checked', ['x'.repeat(60_000)]] }
]
