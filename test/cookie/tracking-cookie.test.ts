import t from 'tap'
import { freshValue, keyOf, mayBeKnown, pseudonymOf, visitorOf } from '../../plugin/cookie/cookie-id.ts'
import { TrackingCookie } from '../../plugin/cookie/tracking-cookie.ts'
import type { CookieOptions } from '../../plugin/cookie-options.ts'
import { defaults } from './build-tracker.ts'

/** The cookie as options describe it, and what it has serialized. */
function build (given: Partial<CookieOptions> = {}) {
  const serialized: unknown[] = []
  const cookie = new TrackingCookie({ ...defaults, ...given }, (...all) => { serialized.push(all); return all[1] })
  return { cookie, serialized, read: (header: string | undefined) => cookie.read(header).map(({ value }) => value) }
}

t.test('up to four values of exactly this name are read [CKH-01, CKH-02]', async (t) => {
  const { read } = build()
  t.same(read(undefined), [])
  t.same(read(''), [])
  t.same(read('cbtid=abcdef'), ['abcdef'])
  t.same(read('a=1; cbtid=abcdef;b=2'), ['abcdef'])
  t.same(read(' cbtid = "abcdef" '), ['abcdef'])
  t.same(read('cbtid=a/b+c+'), ['a/b+c+'])
  t.same(read('xcbtid=111111; cbtidx=222222; CBTID=333333; x=cbtid=444444'), [])
  t.same(read('broken; ;;=; cbtid; cbtid=111111; "; cbtid=222222'), ['111111', '222222'])
  t.same(read('cbtid=111111; cbtid=x; cbtid=222222; cbtid=333333; cbtid="; cbtid=444444; cbtid=555555'), ['111111', '222222', '333333', '444444'])
  t.same(read(`${'x'.repeat(100_000)}; cbtid=111111`), ['111111'])
  t.same(build({ name: 'a.b' }).read('__Host-id=111111; a.b=222222'), ['222222'])
})

t.test('a name with any other space than HTTP allows is another name, for which browsers do not check the prefix __Host-', async (t) => {
  const { read } = build({ name: '__Host-id' })
  t.same(read('\t__Host-id \t=\t111111 '), ['111111'])
  for (const space of ['\u00a0', '\ufeff', '\u2000', '\u000b', '\u000c', '\u0085']) t.same(read(`${space}__Host-id=111111; __Host-id${space}=222222; __Host-id=${space}333333`), [], escape(space))
})

t.test('with secure auto, the attribute Secure depends on the request, otherwise on the option [CKI-06, CKH-05]', async (t) => {
  const given = { name: 'id', maxAge: 5, sameSite: 'strict', path: '/a' } as const
  for (const [secure, expected] of [['auto', [false, true]], [true, [true, true]], [false, [false, false]]] as const) {
    const { cookie, serialized } = build({ ...given, secure })
    cookie.write('v', false)
    cookie.write('v', true)
    t.match(serialized, expected.map((secure) => ['id', 'v', { maxAge: 5, path: '/a', httpOnly: true, sameSite: 'strict', secure }]))
  }
})

t.test('a cookie for embedded pages is written as partitioned, and removed likewise', async (t) => {
  const { cookie, serialized } = build({ secure: true, sameSite: 'none', partitioned: true })
  cookie.write('v', true)
  cookie.remove(true)
  t.match(serialized, [['cbtid', 'v', { partitioned: true, secure: true }], ['cbtid', '', { partitioned: true, maxAge: 0 }]])
})

t.test('a signed cookie is read if one of the secrets signed it, and says if that was not the first', async (t) => {
  const [older, newer] = ['o'.repeat(32), 'n'.repeat(32)]
  const signed = build({ secret: older }).cookie.write('values', false)
  t.match(signed, /^values\./)
  const { cookie } = build({ secret: [newer, older] })
  t.same(cookie.read(`cbtid=${signed}`), [{ value: 'values', renew: true }])
  t.same(cookie.read(`cbtid=${cookie.write('values', false)}`), [{ value: 'values', renew: false }])
  for (const wrong of ['values', `other.${signed.split('.')[1]}`, `${signed}x`, 'values.', '.', build({ secret: newer }).cookie.write('values', false)]) {
    t.same(build({ secret: older }).cookie.read(`cbtid=${wrong}`), [], wrong)
  }
  t.same(cookie.read(`cbtid=a; cbtid=b; cbtid=c; cbtid=d; cbtid=${signed}`).length, 1, 'what was tossed in does not keep it out')
})

t.test('a value is random, has the configured length, and needs no escapes [CKH-07, CKI-04]', async (t) => {
  const values = new Set(Array.from({ length: 1000 }, () => freshValue(24)))
  t.equal(values.size, 1000)
  for (const value of values) t.match(value, /^[A-Za-z0-9_-]{40}$/)
  t.equal(freshValue(64).length, 80)
  t.equal(freshValue(24, 'A'.repeat(16)).slice(0, 16), 'A'.repeat(16), 'the visitor is carried over')
})

t.test('the visitor part is only read from our own values; values of Crossbar.io are looked up, too', async (t) => {
  const value = freshValue(22)
  t.equal(visitorOf(value), value.slice(0, 16))
  t.equal(visitorOf('n/nBpOkCJ4k7Kk8dk4Iq4DCC'), undefined)
  t.ok(mayBeKnown(value))
  t.ok(mayBeKnown('n/nBpOkCJ4k7Kk8dk4Iq4DCC'))
  for (const wrong of ['', 'short', 'x'.repeat(81), 'a b c d e f', 'ümläut-ümläut', '../../etc/passwd\0']) t.notOk(mayBeKnown(wrong), wrong)
})

t.test('values cannot be derived from keys and pseudonyms', async (t) => {
  const value = freshValue(24)
  t.match(keyOf(value), /^[0-9a-f]{64}$/)
  t.match(pseudonymOf(value), /^[A-Za-z0-9_-]{22}$/)
  t.equal(pseudonymOf(value), pseudonymOf(freshValue(24, visitorOf(value))), 'stable where the visitor is carried over')
  t.notOk(value.includes(pseudonymOf(value)))
})
