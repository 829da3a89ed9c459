// PUBLISH, SUBSCRIBE, UNSUBSCRIBE.
import { Peer } from './peer.mjs'
import { PLAIN } from './measure.mjs'

const letters = (component, last) => [...Array.from({ length: 63 }, () => component), last].join('.')
/** Topics of 64 components that differ from the patterns of `subscribeBranching` in the last one. */
const shortTopic = (n) => letters('a', `t${n}`)
const longTopic = (n) => letters('a', `t${n}`.padEnd(400, 'x'))
const PATTERNS = 8192

const manyPatterns = (router) => router.ask('subscribeBranching', { count: PATTERNS, last: 'z' })
const matchingPatterns = (router) => router.ask('subscribeBranching', { count: PATTERNS, last: 'a' })
const crowd = (router) => router.ask('join', { count: 5000, topic: 'bench.crowd' })
const retained = (router) => router.ask('publish', { count: 10_000, size: 20, topic: 'bench.retained.a', retain: true })

const ids = Array.from({ length: 1000 }, (_, i) => i + 1)
const names = ids.map((i) => `user${i}x`)

/** Learns the id that the next subscription will have: ids are given in sequence. */
async function countsIds ({ peer, attacker }) {
  const [, , id] = await peer.ask([32, 1, {}, 'bench.counted'])
  await peer.ask([34, 2, id])
  attacker.base = id
}
const inTurn = (topic, options) => (n, { attacker }) => n % 2 === 0 ? [32, 1, options, topic(n)] : [34, 1, attacker.base + (n + 1) / 2]

/** Another session, which subscribes to these topics. */
const told = (...topics) => async (router) => {
  const peer = await Peer.join(router)
  for (const topic of topics) await peer.ask([32, 1, {}, topic])
  peer.ignore('read')
  return { peers: [peer] }
}

/** Attacks by publishers. */
export const publishing = [
  { name: 'PUBLISH, plain', message: () => PLAIN },
  { name: 'PUBLISH of 32 octets', message: () => [...PLAIN, ['x'.repeat(32)]] },
  { name: 'PUBLISH, acknowledged', reads: true, message: () => [16, 1, { acknowledge: true }, 'bench.topic'] },
  { name: 'PUBLISH, acknowledged, to an invalid URI', reads: true, message: () => [16, 1, { acknowledge: true }, 'a..b'] },
  { name: 'PUBLISH, retained, each another topic', message: (n) => [16, 1, { retain: true }, `bench.r${n}`, ['x']] },
  { name: 'PUBLISH with 1,000 excluded ids', message: () => [16, 1, { exclude: ids }, 'bench.topic'] },
  { name: 'PUBLISH to 5,000 sessions, none eligible', setUp: crowd, message: () => [16, 1, { eligible: [] }, 'bench.crowd'] },
  { name: 'PUBLISH to 5,000 sessions, a role excluded', setUp: crowd, message: () => [16, 1, { exclude_authrole: ['other'] }, 'bench.crowd'] },
  { name: 'PUBLISH to 5,000 sessions, 1,000 others eligible', setUp: crowd, message: () => [16, 1, { eligible_authid: names }, 'bench.crowd'] },
  { name: 'PUBLISH among 8,192 patterns, long topic', setUp: manyPatterns, message: (n) => [16, 1, {}, longTopic(n)] },
  { name: 'PUBLISH among 8,192 patterns, short topics that vary', setUp: manyPatterns, message: (n) => [16, 1, {}, shortTopic(n)] },
  { name: 'PUBLISH among 8,192 patterns, one topic', setUp: manyPatterns, message: () => [16, 1, {}, shortTopic(0)] },
  { name: 'PUBLISH to 8,192 patterns, none eligible', setUp: matchingPatterns, message: () => [16, 1, { eligible: [] }, letters('a', 'a')] },
  { name: 'PUBLISH to 8,192 patterns, a role excluded', setUp: matchingPatterns, message: () => [16, 1, { exclude_authrole: ['trusted'] }, letters('a', 'a')] },
  { name: 'PUBLISH with history, acknowledged', reads: true, message: () => [16, 1, { acknowledge: true }, 'bench.small', ['x']] },
  { name: 'PUBLISH to one who reads', setUp: told('bench.told'), message: () => [16, 1, {}, 'bench.told'] }
]

/** Attacks by subscribers. */
export const subscribing = [
  { name: 'SUBSCRIBE again and again', reads: true, message: () => [32, 1, {}, 'bench.topic'] },
  { name: 'SUBSCRIBE to an invalid URI', reads: true, message: () => [32, 1, {}, 'a..b'] },
  { name: 'SUBSCRIBE to distinct topics', reads: true, fresh: true, message: (n) => [32, 1, {}, `bench.t${n}`] },
  { name: 'SUBSCRIBE with get_retained, a prefix without matches', setUp: retained, reads: true, message: () => [32, 1, { match: 'prefix', get_retained: true }, 'bench.retained.b'] },
  { name: 'SUBSCRIBE with get_retained, a wildcard without matches', setUp: retained, reads: true, message: () => [32, 1, { match: 'wildcard', get_retained: true }, 'bench..b'] },
  { name: 'SUBSCRIBE with get_retained, a prefix of 10,000', setUp: retained, reads: true, message: () => [32, 1, { match: 'prefix', get_retained: true }, 'bench.retained.a'] },
  { name: 'SUBSCRIBE with get_retained, 10,000 events, none read', setUp: retained, message: () => [32, 1, { match: 'prefix', get_retained: true }, 'bench.retained.a'] },
  { name: 'SUBSCRIBE, UNSUBSCRIBE in turn', reads: true, arm: countsIds, message: inTurn((n) => `bench.turn${n}`, {}) },
  { name: 'SUBSCRIBE, UNSUBSCRIBE in turn, observed', setUp: told('wamp.subscription.on_create', 'wamp.subscription.on_subscribe', 'wamp.subscription.on_unsubscribe', 'wamp.subscription.on_delete'), reads: true, arm: countsIds, message: inTurn((n) => `bench.turn${n}`, {}) },
  { name: 'SUBSCRIBE, UNSUBSCRIBE in turn, 64 wildcards', reads: true, arm: countsIds, message: inTurn((n) => `${'.'.repeat(63)}t${n}`, { match: 'wildcard' }) },
  { name: 'SUBSCRIBE, UNSUBSCRIBE in turn, prefixes of 4,096', reads: true, arm: countsIds, message: inTurn((n) => `${'p.'.repeat(2040)}t${n}`, { match: 'prefix' }) },
  { name: 'SUBSCRIBE to a wildcard of 30,000 components', reads: true, message: () => [32, 1, { match: 'wildcard' }, '.'.repeat(30_000)] },
  { name: 'UNSUBSCRIBE of an unknown subscription', reads: true, message: () => [34, 1, 1] }
]
