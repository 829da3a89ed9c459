import fc from 'fast-check'
import t from 'tap'
import { Permissions } from '../../plugin/authorization/permissions.ts'
import type { PermissionOptions } from '../../plugin/options.ts'
import { matches } from '../../plugin/protocol/uri.ts'
import type { MatchPolicy } from '../../plugin/protocol/uri.ts'

const open = { call: true } as const
const may = (rules: PermissionOptions[], uri: string, match?: MatchPolicy): boolean => new Permissions(rules).decide('call', uri, match).allow

t.test('an action that no rule allows is denied, and a missing flag is false [AZN-03, AZN-08]', async (t) => {
  t.notOk(may([], 'a'))
  t.notOk(may([{ uri: 'a' }], 'a'))
  t.notOk(may([{ uri: 'a', allow: { publish: true, register: true, subscribe: true } }], 'a'))
  t.ok(may([{ uri: 'a', allow: open }], 'a'))
})

t.test('each action is decided separately [AZN-01]', async (t) => {
  const permissions = new Permissions([{ uri: 'a', allow: { call: true, subscribe: true } }])
  t.same(['call', 'register', 'publish', 'subscribe'].map((action) => permissions.decide(action as 'call', 'a').allow), [true, false, false, true])
})

t.test('without match, asterisks decide the policy; with match, they are literal [AZN-04]', async (t) => {
  t.ok(may([{ uri: '*', allow: open }], 'any.thing'))
  t.ok(may([{ uri: 'com.x.*', allow: open }], 'com.x.y.z'))
  t.notOk(may([{ uri: 'com.x.*', allow: open }], 'com.xy'))
  t.ok(may([{ uri: 'com.*.y', allow: open }], 'com.x.y'))
  t.notOk(may([{ uri: 'com.*.y', allow: open }], 'com.x.x.y'))
  t.notOk(may([{ uri: 'com.x.*', match: 'exact', allow: open }], 'com.x.y'))
})

t.test('an exact rule takes precedence over the best wildcard, and a wildcard over the longest prefix [AZN-05, AZN-06, TRP-46]', async (t) => {
  const rules: PermissionOptions[] = [
    { uri: 'com.', match: 'prefix', allow: open },
    { uri: 'com.x.', match: 'prefix' },
    { uri: 'com..secret', match: 'wildcard' },
    { uri: 'com.y.secret', match: 'exact', allow: open },
    { uri: 'com.a', match: 'exact' }
  ]
  for (const [uri, allowed] of [['com.z', true], ['com.x.z', false], ['com.z.secret', false], ['com.y.secret', true], ['com.a', false], ['com.ab', true]] as const) {
    t.equal(may(rules, uri), allowed, uri)
    t.equal(may([...rules].reverse(), uri), allowed, `${uri}, whatever the order`)
  }
  t.ok(may([{ uri: 'a..c', match: 'wildcard' }, { uri: 'a.b.', match: 'wildcard', allow: open }], 'a.b.c'), 'literal first')
})

t.test('disclosure is configured per action [PID-05, CID-06]', async (t) => {
  const permissions = new Permissions([{ uri: 'a', allow: { call: true, publish: true }, disclose: { caller: true } }, { uri: 'b', disclose: { caller: true, publisher: true } }])
  t.match(permissions.decide('call', 'a'), { allow: true, disclose: true })
  t.match(permissions.decide('publish', 'a'), { allow: true, disclose: false })
  t.match(permissions.decide('call', 'b'), { allow: false, disclose: false })
})

t.test('trust levels apply to calls and publications, and forceReregister to registrations [TRU-01, CTR-01, FRR-04]', async (t) => {
  const permissions = new Permissions([{ uri: 'a', allow: { call: true, publish: true, register: true, subscribe: true, forceReregister: true }, trustlevel: 0 }, { uri: 'b', allow: { forceReregister: true }, trustlevel: 3 }, { uri: 'c', allow: open }])
  const found = (['call', 'publish', 'register', 'subscribe'] as const).map((action) => permissions.decide(action, 'a'))
  t.same(found.map(({ trustlevel }) => trustlevel), [0, 0, undefined, undefined])
  t.same(found.map(({ forceReregister }) => forceReregister), [false, false, true, false])
  for (const uri of ['b', 'c']) t.match(permissions.decide('register', uri), { forceReregister: false, trustlevel: undefined })
})

t.test('a pattern requires a rule that covers it, and no narrower rule that denies it [AZN-07]', async (t) => {
  const wide: PermissionOptions = { uri: 'com.', match: 'prefix', allow: open }
  t.ok(may([wide], 'com.x', 'prefix'))
  t.ok(may([wide], 'com..x', 'wildcard'))
  t.notOk(may([wide], 'co', 'prefix'))
  t.notOk(may([wide], '', 'prefix'))
  t.notOk(may([wide], '.x', 'wildcard'))
  t.notOk(may([wide, { uri: 'com.secret', match: 'exact' }], 'com.', 'prefix'))
  t.ok(may([wide, { uri: 'com.secret', match: 'exact' }], 'com.open', 'prefix'))
  t.notOk(may([wide, { uri: 'com..secret', match: 'wildcard' }], 'com.x', 'prefix'))
  t.notOk(may([{ uri: 'com.x', match: 'exact', allow: open }], 'com.x', 'prefix'), 'a URI is not its prefix')
  t.ok(may([{ uri: 'a..c', match: 'wildcard', allow: open }], 'a..c', 'wildcard'))
  t.notOk(may([{ uri: 'a.b.c', match: 'wildcard', allow: open }], 'a..c', 'wildcard'))
})

t.test('a role cannot use a pattern to reach a URI that it may not reach directly [AZN-07]', async (t) => {
  const component = fc.constantFrom('a', 'b')
  const uri = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
  const pattern = fc.oneof(
    uri.map((text) => ({ uri: text, match: 'exact' as const })),
    fc.array(fc.constantFrom('a', 'b', ''), { minLength: 1, maxLength: 3 }).map((parts) => ({ uri: parts.join('.'), match: 'wildcard' as const })),
    uri.chain((text) => fc.nat(text.length).map((n) => ({ uri: text.slice(0, n), match: 'prefix' as const }))))
  const rules = fc.array(fc.tuple(pattern, fc.boolean()).map(([one, call]) => ({ ...one, allow: { call } })), { maxLength: 5 })
  await fc.assert(fc.asyncProperty(rules, pattern, uri, async (given, { uri: wanted, match }, reached) => {
    const permissions = new Permissions(given)
    if (!permissions.decide('call', wanted, match).allow || !matches(wanted, match, reached)) return
    if (!permissions.decide('call', reached).allow) throw new Error(`${wanted} (${match}) reaches ${reached}`)
  }), { numRuns: 20_000, seed: 1 })
  t.pass('20 000 sets of rules')
})

t.test('a URI of more components than any rule has is matched by prefixes only', async (t) => {
  const rules: PermissionOptions[] = [{ uri: 'a..', match: 'wildcard', allow: open }, { uri: 'b.', match: 'prefix', allow: open }]
  t.ok(may(rules, 'a.x.y'))
  for (const uri of ['a.x', 'a.x.y.z', `a${'.x'.repeat(500_000)}`]) t.notOk(may(rules, uri))
  t.ok(may(rules, `b${'.x'.repeat(500_000)}`))
})
