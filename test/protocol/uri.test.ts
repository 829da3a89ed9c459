import fc from 'fast-check'
import t from 'tap'
import { isReserved, isUri, matches } from '../../plugin/protocol/uri.ts'
import type { MatchPolicy, UriCheck } from '../../plugin/protocol/uri.ts'

t.test('a URI is a string [URI-01]', async (t) => {
  for (const value of [5, null, undefined, true, ['com.x'], { length: 5 }, Buffer.from('com.x')]) t.notOk(isUri(value))
})

t.test('a loose URI has no empty component, no white space and no # [URI-02]', async (t) => {
  for (const uri of ['a', 'com.My-App.x', 'com.x/y', 'com.x.é', 'x'.repeat(1000)]) t.ok(isUri(uri), uri)
  for (const uri of ['', 'com..x', '.com', 'com.', 'com.a b', 'com.#x', '.', 'com.x\n', ' com']) t.notOk(isUri(uri), JSON.stringify(uri))
})

t.test('a wildcard pattern may have empty components [URI-03]', async (t) => {
  for (const uri of ['com..x', '.x', 'x.', '..', '', 'com.x']) t.ok(isUri(uri, 'wildcard'), uri)
  for (const uri of ['com. .x', '#..', 'a\t.']) t.notOk(isUri(uri, 'wildcard'), uri)
})

t.test('a strict URI has only lower-case letters, digits and _ [URI-04]', async (t) => {
  for (const uri of ['com.my_app.x9', 'a']) t.ok(isUri(uri, 'exact', 'strict'), uri)
  for (const uri of ['com.MyApp.x', 'com.my-app', 'com.é', '', 'com.', 'com..x']) t.notOk(isUri(uri, 'exact', 'strict'), uri)
  t.ok(isUri('com..x', 'wildcard', 'strict'))
  t.notOk(isUri('com..X', 'wildcard', 'strict'))
  t.ok(isUri('com.x.', 'prefix', 'strict'))
  t.notOk(isUri('com-x.', 'prefix', 'strict'))
})

t.test('only the last component of a prefix pattern may be empty [URI-06]', async (t) => {
  for (const uri of ['com.x.', 'com.x', '', 'com']) t.ok(isUri(uri, 'prefix'), uri)
  for (const uri of ['com..x', '.x', '.', 'com..']) t.notOk(isUri(uri, 'prefix'), uri)
})

t.test('URIs are compared by code points, and one class of white space is used throughout [URI-17]', async (t) => {
  t.notOk(matches('com.X', 'exact', 'com.x'))
  t.notOk(matches('com.\u00e9', 'exact', 'com.e\u0301'))
  t.notOk(matches('com.x', 'exact', 'com.x '))
  for (const match of ['exact', 'prefix', 'wildcard'] as const) {
    t.notOk(isUri('com.\ufeff', match), 'U+FEFF is white space')
    t.ok(isUri('com.\u0085', match), 'U+0085 is not')
  }
})

t.test('reserved URIs have wamp as their first component [URI-09]', async (t) => {
  for (const uri of ['wamp', 'wamp.x', 'wamp.session.count']) t.ok(isReserved(uri), uri)
  for (const uri of ['wampum.x', 'com.wamp.x', 'WAMP.x', 'wam']) t.notOk(isReserved(uri), uri)
})

t.test('a pattern matches URIs by prefix or by empty components', async (t) => {
  t.ok(matches('com.x', 'prefix', 'com.xy'))
  t.notOk(matches('com.x', 'prefix', 'com'))
  t.ok(matches('com..y', 'wildcard', 'com.x.y'))
  t.notOk(matches('com..y', 'wildcard', 'com.x.z'))
  t.notOk(matches('com..y', 'wildcard', 'com.x.y.z'))
})

t.test('the checks of URIs agree with the regular expressions of the specification [URI-02, URI-03, URI-04, URI-06]', async (t) => {
  const patterns: [UriCheck, MatchPolicy, RegExp][] = [
    ['loose', 'exact', /^([^\s.#]+\.)*([^\s.#]+)$/],
    ['loose', 'prefix', /^([^\s.#]+\.)*([^\s.#]*)$/],
    ['loose', 'wildcard', /^[^\s.#]*(\.[^\s.#]*)*$/],
    ['strict', 'exact', /^([0-9a-z_]+\.)*([0-9a-z_]+)$/],
    ['strict', 'prefix', /^([0-9a-z_]+\.)*([0-9a-z_]*)$/],
    ['strict', 'wildcard', /^[0-9a-z_]*(\.[0-9a-z_]*)*$/]
  ]
  const uris = fc.array(fc.constantFrom('.', 'a', 'b9', '_', 'A', '-', '#', ' ', '\n', 'é'), { maxLength: 6 })
  for (const [check, match, pattern] of patterns) {
    fc.assert(fc.property(uris, (parts) => isUri(parts.join(''), match, check) === pattern.test(parts.join(''))), { seed: 1, numRuns: 500 })
  }
  t.pass('the same in every case')
})

t.test('a URI can be checked whatever its length', async (t) => {
  const long = 'a.'.repeat(8_000_000)
  t.ok(isUri(`${long}a`))
  t.notOk(isUri(long))
  t.ok(isUri(long, 'prefix'))
})
