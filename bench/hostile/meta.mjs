// Every meta procedure, in a realm that holds a lot of what the procedure is about.
import { PLAIN } from './measure.mjs'

const SUBSCRIPTIONS = 300_000
const subscriptions = (router) => router.ask('subscribe', { count: SUBSCRIPTIONS })
const registrations = (router) => router.ask('register', { count: SUBSCRIPTIONS })
const sessions = (router) => router.ask('join', { count: 10_000, topic: 'bench.crowd' })
const callees = (router) => router.ask('share', { count: 5000, procedure: 'bench.shared', invoke: 'roundrobin' })
const logins = (router) => router.ask('logIn', { count: 50_000 })
const patterns = (router) => router.ask('subscribeBranching', { count: 8192, last: 'z' })
const procedures = (router) => router.ask('registerBranching', { count: 8192, last: 'z' })
const history = (topic, size) => (router) => router.ask('publish', { count: 100, size, topic })

const roles = Array.from({ length: 4000 }, (_, i) => `role${i}`)
/** As many of the shortest names as a message holds. */
const mostRoles = Array.from({ length: 260_000 }, () => 'a')
const NOBODY = 12_345
const topic = (n) => `${'a.'.repeat(63)}t${n}`

/** CALLs of a procedure; `args` may differ from one to the next. */
const call = (procedure, { args = () => [], kwargs = {}, ...attack } = {}) =>
  ({ reads: true, name: procedure, ...attack, message: (n, given) => [48, n + 1, {}, procedure, args(n, given), kwargs] })
/** The same, of the subscription or registration whose id the attacker has. */
const of = (procedure, more = [], given = {}) => call(procedure, { ...given, args: (_, { attacker }) => [attacker.base, ...more] })
const subscribes = (topic, options = {}) => async ({ peer, attacker }) => { attacker.base = (await peer.ask([32, 1, options, topic]))[2] }
const registers = async ({ peer, attacker }) => { attacker.base = (await peer.ask([64, 1, { invoke: 'roundrobin' }, 'bench.shared']))[2] }

const aboutSessions = [
  call('wamp.session.count'),
  call('wamp.session.list'),
  call('wamp.session.count', { name: 'wamp.session.count by 4,000 roles', args: () => [roles] }),
  call('wamp.session.count', { name: 'wamp.session.count by 260,000 roles', size: 1_048_576, warm: 2, args: () => [mostRoles] }),
  call('wamp.session.list', { name: 'wamp.session.list by 4,000 roles', args: () => [roles] }),
  call('wamp.session.list', { name: 'wamp.session.list, not read', reads: false }),
  call('wamp.session.get', { args: () => [NOBODY] }),
  call('wamp.session.kill', { args: () => [NOBODY] }),
  call('wamp.session.kill_by_authid', { args: (n) => [`nobody${n}`] }),
  call('wamp.session.kill_by_authrole', { args: (n) => [`nobody${n}`] }),
  call('wamp.session.kill_by_authid', { name: 'wamp.session.kill_by_authid with a long name', args: () => ['x'.repeat(60_000)] })
].map((attack) => ({ ...attack, setUp: sessions }))

const aboutSubscriptions = [
  call('wamp.subscription.list'),
  call('wamp.subscription.list', { name: 'wamp.subscription.list, not read', reads: false }),
  call('wamp.subscription.list', { name: 'wamp.subscription.list of nobody', args: () => [NOBODY] }),
  call('wamp.subscription.lookup', { args: (n) => [`bench.t${n}`, { match: 'wildcard' }] }),
  call('wamp.subscription.match', { args: (n) => [`bench.t${n}`] }),
  call('wamp.subscription.get', { args: () => [NOBODY] }),
  call('wamp.subscription.count_subscribers', { args: () => [NOBODY] }),
  call('wamp.subscription.remove_subscriber', { args: () => [NOBODY, NOBODY] })
].map((attack) => ({ ...attack, setUp: subscriptions }))

const aboutRegistrations = [
  call('wamp.registration.list'),
  call('wamp.registration.list', { name: 'wamp.registration.list, not read', reads: false }),
  call('wamp.registration.lookup', { args: (n) => [`bench.p${n}`, { match: 'wildcard' }] }),
  call('wamp.registration.match', { args: (n) => [`bench.p${n}`] }),
  call('wamp.registration.get', { args: () => [NOBODY] }),
  call('wamp.registration.count_callees', { args: () => [NOBODY] })
].map((attack) => ({ ...attack, setUp: registrations }))

const testament = (n, size) => [`bench.testament${n}`, ['x'.repeat(size)], {}]

/** Attacks by the meta API. */
export const meta = [
  ...aboutSessions,
  call('wamp.session.kill_all'),
  ...aboutSubscriptions,
  call('wamp.subscription.match', { name: 'wamp.subscription.match among 8,192 patterns', setUp: patterns, args: (n) => [topic(n)] }),
  of('wamp.subscription.list_subscribers', [], { name: 'wamp.subscription.list_subscribers of 10,000', setUp: sessions, arm: subscribes('bench.crowd') }),
  ...aboutRegistrations,
  call('wamp.registration.match', { name: 'wamp.registration.match among 8,192 patterns', setUp: procedures, args: (n) => [topic(n)] }),
  of('wamp.registration.list_callees', [], { name: 'wamp.registration.list_callees of 5,000', setUp: callees, arm: registers }),
  of('wamp.registration.remove_callee', [NOBODY], { name: 'wamp.registration.remove_callee of nobody', setUp: callees, arm: registers }),
  of('wamp.subscription.get_events', [], { name: 'wamp.subscription.get_events, 100 of 10 KB', setUp: history('bench.small', 10_000), arm: subscribes('bench.small') }),
  of('wamp.subscription.get_events', [], { name: 'wamp.subscription.get_events, 100 of 10 KB, not read', reads: false, setUp: history('bench.small', 10_000), arm: subscribes('bench.small') }),
  of('wamp.subscription.get_events', [], { name: 'wamp.subscription.get_events, 1 MB each', setUp: history('bench.large', 1_000_000), arm: subscribes('bench.large') }),
  of('wamp.subscription.get_events', [1], { name: 'wamp.subscription.get_events, one of 1 MB, not read', reads: false, setUp: history('bench.large', 1_000_000), arm: subscribes('bench.large') }),
  of('wamp.subscription.get_events', [], { name: 'wamp.subscription.get_events of another topic', kwargs: { topic: 'bench.other' }, setUp: history('bench.small', 100), arm: subscribes('bench.small') }),
  of('wamp.subscription.get_events', [], { name: 'wamp.subscription.get_events after an unknown publication', kwargs: { after_publication: NOBODY, limit: 1 }, setUp: history('bench.small', 100), arm: subscribes('bench.small') }),
  call('wamp.session.add_testament', { args: (n) => testament(n, 10) }),
  call('wamp.session.add_testament', { name: 'wamp.session.add_testament, 60,000 octets', args: (n) => testament(n, 60_000) }),
  call('wamp.session.add_testament', { name: 'wamp.session.add_testament, options of 4,000 ids', args: (n) => testament(n, 10), kwargs: { publish_options: { exclude_authid: roles } } }),
  call('wamp.session.flush_testaments'),
  call('wamp.login.list', { setUp: logins }),
  call('wamp.login.list', { name: 'wamp.login.list of nobody', setUp: logins, kwargs: { authid: 'nobody' } }),
  call('wamp.login.list', { name: 'wamp.login.list, not read', reads: false, setUp: logins }),
  call('wamp.login.revoke', { name: 'wamp.login.revoke of nobody', setUp: logins, kwargs: { authid: 'nobody' } }),
  call('wamp.session.kill_by_authid', { name: 'wamp.session.kill_by_authid of nobody, revoke_logins', setUp: logins, args: () => ['nobody'], kwargs: { revoke_logins: true } }),
  call('wamp.session.nothing', { name: 'an unknown meta procedure' }),
  { name: 'PUBLISH, plain, among 300,000 subscriptions', setUp: subscriptions, message: () => PLAIN }
]
