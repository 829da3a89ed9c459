import t from 'tap'
import { readCookies, setCookie } from '../../plugin/cookie/cookie-header.ts'
import { freshValue, keyOf, mayBeKnown, pseudonymOf, visitorOf } from '../../plugin/cookie/cookie-id.ts'

t.test('all values of exactly this name are read, four at most [CKH-01, CKH-02]', async (t) => {
  const read = (header: string | undefined): string[] => readCookies(header, 'cbtid')
  t.same(read(undefined), [])
  t.same(read(''), [])
  t.same(read('cbtid=abc'), ['abc'])
  t.same(read('a=1; cbtid=abc;b=2'), ['abc'])
  t.same(read(' cbtid = "abc" '), ['abc'])
  t.same(read('cbtid=a/b+c=='), ['a/b+c=='])
  t.same(read('xcbtid=1; cbtidx=2; CBTID=3; x=cbtid=4'), [])
  t.same(read('broken; ;;=; cbtid; cbtid=1; "; cbtid=2'), ['1', '2'])
  t.same(read('cbtid=1; cbtid=2; cbtid=3; cbtid=4; cbtid=5'), ['1', '2', '3', '4'])
  t.same(read(`${'x'.repeat(100_000)}; cbtid=1`), ['1'])
  t.same(readCookies('__Host-id=1; a.b=2', 'a.b'), ['2'])
})

t.test('Secure follows the request with auto, and the option otherwise [CKI-06, CKH-05]', async (t) => {
  const given: unknown[] = []
  const options = { store: { type: 'memory' }, name: 'id', length: 24, maxAge: 5, secure: 'auto', httpOnly: true, sameSite: 'strict', path: '/a', recheck: 60 } as const
  const serialize = (...all: unknown[]): string => { given.push(all); return '' }
  setCookie('v', options, false, serialize)
  setCookie('v', options, true, serialize)
  setCookie('v', { ...options, secure: true }, false, serialize)
  setCookie('v', { ...options, secure: false }, true, serialize)
  t.match(given, [false, true, true, false].map((secure) => ['id', 'v', { maxAge: 5, path: '/a', httpOnly: true, sameSite: 'strict', secure }]))
})

t.test('a value is random, of the length that was asked for, and needs no escapes [CKH-07, CKI-04]', async (t) => {
  const values = new Set(Array.from({ length: 1000 }, () => freshValue(24)))
  t.equal(values.size, 1000)
  for (const value of values) t.match(value, /^[A-Za-z0-9_-]{40}$/)
  t.equal(freshValue(64).length, 80)
  t.equal(freshValue(24, 'A'.repeat(16)).slice(0, 16), 'A'.repeat(16), 'the visitor is carried over')
})

t.test('the visitor is known by our own values only; Crossbar.io\'s are looked up, too', async (t) => {
  const value = freshValue(22)
  t.equal(visitorOf(value), value.slice(0, 16))
  t.equal(visitorOf('n/nBpOkCJ4k7Kk8dk4Iq4DCC'), undefined)
  t.ok(mayBeKnown(value))
  t.ok(mayBeKnown('n/nBpOkCJ4k7Kk8dk4Iq4DCC'))
  for (const wrong of ['', 'short', 'x'.repeat(81), 'a b c d e f', 'ümläut-ümläut', '../../etc/passwd\0']) t.notOk(mayBeKnown(wrong), wrong)
})

t.test('keys and pseudonyms lead back to no value', async (t) => {
  const value = freshValue(24)
  t.match(keyOf(value), /^[0-9a-f]{64}$/)
  t.match(pseudonymOf(value), /^[A-Za-z0-9_-]{22}$/)
  t.equal(pseudonymOf(value), pseudonymOf(freshValue(24, visitorOf(value))), 'stable where the visitor is carried over')
  t.notOk(value.includes(pseudonymOf(value)))
})
