import t from 'tap'
import type { CookieOptions } from '../../plugin/cookie-options.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { convert, node, refused, web, websocket, WS } from './sample.ts'

const COOKIE = `${WS}.cookie`

function convertCookie (cookie: object): { cookie: CookieOptions | undefined, warnings: readonly string[] } {
  const { plugin, warnings } = convert(websocket({ cookie }))
  resolveOptions(plugin)
  return { cookie: plugin.cookie, warnings }
}

t.test('without the option cookie nothing is tracked, and without auth.cookie no login is restored [CKI-01, CKI-11]', async (t) => {
  t.equal(convert(websocket({})).plugin.cookie, undefined)
  const { plugin } = convert(websocket({ cookie: { store: { type: 'memory' } } }))
  t.strictSame(plugin.cookie, { name: 'cbtid', store: { type: 'memory' } })
  t.equal(plugin.auth, undefined)
})

t.test('every attribute is converted [CKI-02, CKI-06]', async (t) => {
  t.strictSame(convertCookie({
    name: 'cbtid_2', length: 32, max_age: 86400, store: { type: 'memory' }, secure: true, http_strict: false, same_site: 'Strict'
  }), {
    cookie: { name: 'cbtid_2', length: 32, maxAge: 86400, store: { type: 'memory' }, secure: true, httpOnly: false, sameSite: 'strict' }, warnings: []
  })
})

t.test('absent settings have the defaults of the plugin, without a warning [CKI-05, CKI-06, CKI-07, TRP-53]', async (t) => {
  t.strictSame(convertCookie({}), { cookie: { name: 'cbtid' }, warnings: [] })
  const { endpoint } = resolveOptions(convert(websocket({ cookie: {} })).plugin)
  t.match(endpoint.cookie, { name: 'cbtid', length: 24, maxAge: 604_800, httpOnly: true, sameSite: 'lax', secure: 'auto', store: { type: 'memory' } })
})

t.test('a key or a type that is not known is refused [CKI-02]', async (t) => {
  refused(t, websocket({ cookie: { path: '/' } }), `${COOKIE}.path`, 'is unknown')
  refused(t, websocket({ cookie: { secure: 1 } }), `${COOKIE}.secure`, 'must be true or false')
  refused(t, websocket({ cookie: { http_strict: 'yes' } }), `${COOKIE}.http_strict`, 'must be true or false')
  refused(t, websocket({ cookie: { store: 'memory' } }), `${COOKIE}.store`, 'must be a dict')
  refused(t, websocket({ cookie: null }), COOKIE, 'must be a dict')
})

t.test('a name must be a lower-case letter, followed by one or more letters, digits and underscores [CKI-03]', async (t) => {
  t.same(convertCookie({ name: 'a1' }).cookie, { name: 'a1' })
  for (const name of ['a', 'Cbtid', '1abc', 'cb-tid', '__Host-cbtid', 'a;b']) refused(t, websocket({ cookie: { name } }), `${COOKIE}.name`, 'must be a lower-case letter')
})

t.test('a length must be 6 to 64; one that is too short to be safe is raised, with a warning [CKI-04]', async (t) => {
  for (const length of [22, 64]) t.strictSame(convertCookie({ length }), { cookie: { name: 'cbtid', length }, warnings: [] })
  for (const length of [6, 21]) t.strictSame(convertCookie({ length }), { cookie: { name: 'cbtid', length: 22 }, warnings: [`${COOKIE}.length is too short to be safe: 22 is used`] })
  for (const length of [5, 65, 24.5, '24']) refused(t, websocket({ cookie: { name: 'cbtid', length } }), `${COOKIE}.length`, 'must be a whole number from 6 to 64')
})

t.test('max_age must be between 1 second and ten years of 360 days [CKI-05, TRP-53]', async (t) => {
  for (const maxAge of [1, 311_040_000]) t.same(convertCookie({ max_age: maxAge }).cookie?.maxAge, maxAge)
  for (const maxAge of [0, 311_040_001]) refused(t, websocket({ cookie: { max_age: maxAge } }), `${COOKIE}.max_age`, 'must be a whole number from 1 to 311040000')
})

t.test('same_site must be Strict, Lax or None, and None requires secure [CKI-06]', async (t) => {
  t.same(convertCookie({ same_site: 'Lax' }).cookie, { name: 'cbtid', sameSite: 'lax' })
  t.same(convertCookie({ same_site: 'None', secure: true }).cookie, { name: 'cbtid', sameSite: 'none', secure: true })
  refused(t, websocket({ cookie: { same_site: 'None' } }), `${COOKIE}.same_site`, 'must not be "None" unless "secure" is true')
  refused(t, websocket({ cookie: { same_site: 'lax' } }), `${COOKIE}.same_site`, 'must be "Strict" or "Lax" or "None"')
})

t.test('a store has a type, and only the keys of that type [CKI-07, CKI-08, CKI-09]', async (t) => {
  refused(t, websocket({ cookie: { store: {} } }), `${COOKIE}.store`, 'must have "type"')
  refused(t, websocket({ cookie: { store: { type: 'redis' } } }), `${COOKIE}.store.type`, 'must be "memory" or "file" or "database"')
  refused(t, websocket({ cookie: { store: { type: 'memory', filename: 'x' } } }), `${COOKIE}.store.filename`, 'is unknown')
  refused(t, websocket({ cookie: { store: { type: 'file', path: 'x' } } }), `${COOKIE}.store.path`, 'is unknown')
  refused(t, websocket({ cookie: { store: { type: 'file' } } }), `${COOKIE}.store`, 'must have "filename"')
})

t.test('a cookie file is relative to the node\'s directory [CKI-09]', async (t) => {
  const file = (filename: string): CookieOptions['store'] => convertCookie({ store: { type: 'file', filename, purge_on_startup: true } }).cookie?.store
  t.strictSame(file('cookies.dat'), { type: 'file', filename: '/node/.crossbar/cookies.dat', purgeOnStartup: true })
  t.match(file('../data/cookies.dat'), { filename: '/node/data/cookies.dat' })
  t.match(file('/var/lib/cookies.dat'), { filename: '/var/lib/cookies.dat' })
})

t.test('for a database store, this router creates its own database next to that of Crossbar.io [CKI-10]', async (t) => {
  const store = { type: 'database', path: 'cookies', purge_on_startup: true, maxsize: 1_048_576, readonly: false, sync: true }
  const { plugin, warnings } = convert(websocket({ cookie: { store } }))
  t.match(plugin.cookie!.store, { type: 'database', path: /\/cookies\.lmdb$/, purgeOnStartup: true, maxSize: 1_048_576, readonly: false, sync: true })
  t.ok(warnings.some((warning) => warning.includes('cookie.store is replaced by a new LMDB database')))
  refused(t, websocket({ cookie: { store: { type: 'database' } } }), `${WS}.cookie.store`, 'must have "path"')
  refused(t, websocket({ cookie: { store: { ...store, maxsize: 1 } } }), `${WS}.cookie.store.maxsize`, 'must be a whole number from 131072 to 137438953472')
})

t.test('two WebSockets whose cookies have the same name must configure it in the same way [CKI-12]', async (t) => {
  const both = (one: object, two: object): object => node({ transports: [web({ ws: { type: 'websocket', cookie: one }, other: { type: 'websocket', cookie: two } })] })
  const store = (filename: string): object => ({ store: { type: 'file', filename } })
  refused(t, both(store('a.dat'), store('b.dat')), 'workers[0].transports[0].paths.other.cookie', `must be the same as "${COOKIE}"`)
  refused(t, both(store('a.dat'), { name: 'cbtid', ...store('b.dat') }), 'workers[0].transports[0].paths.other.cookie', `must be the same as "${COOKIE}"`)
  t.equal(convert(both(store('a.dat'), store('a.dat'))).endpoints.length, 1)
  t.equal(convert(both(store('a.dat'), { name: 'other', ...store('b.dat') })).endpoints.length, 1)
})
