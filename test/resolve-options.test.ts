import { join } from 'node:path'
import t from 'tap'
import { pathToFileURL } from 'node:url'
import { doubtfulPermissions } from '../plugin/check-realms.ts'
import { checkBridge, resolveEndpoint, resolveOptions } from '../plugin/resolve-options.ts'
import type { CookieOptions } from '../plugin/cookie-options.ts'
import type { BridgeOptions, EndpointOptions, FastifyWampOptions, PermissionOptions } from '../plugin/options.ts'

const realms = { realm1: { roles: { anonymous: {}, frontend: {} } } }
const wampcra = { type: 'static', users: { joe: { secret: 'top secret', role: 'frontend' } } } as const
const scram = { kdf: 'pbkdf2', salt: 'c29tZXNhbHQ=', iterations: 1, storedKey: `${'A'.repeat(43)}=`, serverKey: `${'A'.repeat(43)}=`, role: 'frontend' }

function fault (options: unknown): { code?: string, message: string } {
  try {
    resolveOptions(options as FastifyWampOptions)
  } catch (error) {
    return error as { code?: string, message: string }
  }
  throw new Error('the options were accepted')
}

t.test('a minimal configuration gets every default', async (t) => {
  const options = resolveOptions({ realms })
  t.same(options.endpoint, {
    path: '/ws', auth: { anonymous: { type: 'static' } }, cookie: null, allowedOrigins: [], allowedHosts: null, requireOrigin: 'auto', serializers: ['json', 'msgpack', 'cbor'], batched: true
  })
  t.same(options.static, [])
  t.equal(options.handshakeTimeout, 10_000)
  t.equal(options.shutdownTimeout, 2_000)
  t.equal(options.limits.messageSize, 2 ** 20)
  t.same(options.realms.realm1, {
    uriCheck: 'loose', strictRequestIds: false, eventHistory: [], slowSubscribers: [], contract: null, roles: { anonymous: { permissions: [], authorizer: null, allowDiscloseMe: true }, frontend: { permissions: [], authorizer: null, allowDiscloseMe: true } }
  })
})

t.test('by default, the cookie has safe attributes and a login lasts seven days [CKI-03, CKI-04, CKI-05, CKI-06, TRP-53]', async (t) => {
  t.same(resolveOptions({ realms, cookie: {} }).endpoint.cookie, {
    store: { type: 'memory' },
    name: 'cbtid',
    length: 24,
    maxAge: 604_800,
    secure: 'auto',
    httpOnly: true,
    sameSite: 'lax',
    partitioned: false,
    path: '/',
    idleTimeout: 0,
    rotateAfter: 0,
    secret: [],
    recheck: 60
  })
})

t.test('an undefined option counts as absent', async (t) => {
  const given = { realms, path: undefined, limits: { depth: undefined, bufferedBytes: 5 }, cookie: { name: undefined } } as unknown as FastifyWampOptions
  const { endpoint, limits } = resolveOptions(given)
  t.equal(endpoint.path, '/ws')
  t.equal(limits.depth, 100)
  t.equal(limits.bufferedBytes, 5)
  t.equal(endpoint.cookie?.name, 'cbtid')
})

t.test('the caller\'s object is not written to, and the result is frozen', async (t) => {
  const given = { realms, cookie: {} }
  const before = structuredClone(given)
  t.ok(Object.isFrozen(resolveOptions(given)))
  t.same(given, before)
})

t.test('static files may be one directory or several, as path or file URL', async (t) => {
  t.same(resolveOptions({ realms, static: { root: '/srv/web' } }).static, [{ root: '/srv/web', prefix: '/' }])
  t.same(resolveOptions({ realms, static: [{ root: pathToFileURL('/srv/a b/') }, { root: '/srv/v', prefix: '/v/' }] }).static,
    [{ root: '/srv/a b', prefix: '/' }, { root: '/srv/v', prefix: '/v/' }])
})

const permission = (one: object, uriCheck = 'loose'): object => ({ realms: { r: { uriCheck, roles: { anonymous: { permissions: [one] } } } } })

const wrong: [name: string, options: unknown, message: string | RegExp][] = [
  ['no options at all', undefined, 'The option "options" must be an object'],
  ['no realms', {}, 'The option "realms" is missing'],
  ['an empty set of realms', { realms: {} }, 'The option "realms" must be an object with at least one realm'],
  ['an unknown option', { realms, realm: 1 }, 'The option "realm" is not an option: did you mean "realms"?'],
  ['a misspelt option that is needed', { relams: realms }, 'The option "relams" is not an option: did you mean "realms"?'],
  ['a misspelt option', { realms, handshakeTimout: 5 }, 'The option "handshakeTimout" is not an option: did you mean "handshakeTimeout"?'],
  ['a method by half its name', { realms, auth: { scram: { type: 'static', principals: {} } } }, 'The option "auth.scram" is not a method of the router: did you mean "wamp-scram"?'],
  ['a realm with a bad name', { realms: { 'a b': realms.realm1 } }, 'The option "realms.a b" must have a URI as its name'],
  ['the role trusted', { realms: { r: { roles: { trusted: {} } } } }, 'The option "realms.r.roles.trusted" is the app\'s own role: it cannot be configured'],
  ['a permission without uri', { realms: { r: { roles: { anonymous: { permissions: [{}] } } } } }, 'The option "realms.r.roles.anonymous.permissions[0].uri" is missing'],
  ['an unknown action', { realms: { r: { roles: { anonymous: { permissions: [{ uri: 'a', allow: { cal: true } }] } } } } }, 'The option "realms.r.roles.anonymous.permissions[0].allow.cal" is not an option: did you mean "call"?'],
  ['a match that does not exist', { realms: { r: { roles: { anonymous: { permissions: [{ uri: 'a', match: 'regex' }] } } } } }, 'The option "realms.r.roles.anonymous.permissions[0].match" must be one of exact, prefix, wildcard'],
  ['a URI that does not fit its match', { realms: { r: { roles: { anonymous: { permissions: [{ uri: 'a..b', match: 'exact' }] } } } } }, 'The option "realms.r.roles.anonymous.permissions[0].uri" must be a URI that fits match "exact"'],
  ['a prefix that is compared exactly', permission({ uri: 'com.example.', match: 'exact' }), 'The option "realms.r.roles.anonymous.permissions[0].uri" must be a URI that fits match "exact": it ends in "."'],
  ['a prefix that is not said to be one, where URIs are strict', permission({ uri: 'com.example.' }, 'strict'), 'The option "realms.r.roles.anonymous.permissions[0].uri" ends in "."'],
  ['a star that is literal, where URIs are strict', permission({ uri: 'com.example.*', match: 'prefix' }, 'strict'), 'The option "realms.r.roles.anonymous.permissions[0].uri" must be a URI that fits match "prefix": it has a "*" that is literal'],
  ['a path without a slash', { realms, path: 'ws' }, 'The option "path" must be a path that begins with "/", and not "ws"'],
  ['a time of nothing', { realms, handshakeTimeout: 0 }, 'The option "handshakeTimeout" must be a whole number of milliseconds from 1 to 2147483647, and not 0'],
  ['a time with its unit', { realms, handshakeTimeout: '5s' }, 'The option "handshakeTimeout" must be a whole number of milliseconds from 1 to 2147483647, and not "5s"'],
  ['a size with its unit', { realms, limits: { bufferedBytes: '16mb' } }, 'The option "limits.bufferedBytes" must be a whole number of bytes from 1, and not "16mb"'],
  ['a long text', { realms, path: 'x'.repeat(1000) }, /^The option "path" must be a path that begins with "\/", and not "x{59}…$/],
  ['an unknown limit', { realms, limits: { size: 1 } }, 'The option "limits.size" is not an option'],
  ['nesting that would exhaust the stack', { realms, limits: { depth: 1001 } }, 'The option "limits.depth" must be a whole number from 1 to 1000, and not 1001'],
  ['a message size that is no limit', { realms, limits: { messageSize: 2 ** 30 + 1 } }, 'The option "limits.messageSize" must be a whole number of bytes from 1 to 1073741824, and not 1073741825'],
  ['batched that is not true or false', { realms, batched: 'json' }, 'The option "batched" must be true or false, and not "json"'],
  ['an unknown serializer', { realms, serializers: ['xml'] }, 'The option "serializers[0]" must be one of json, msgpack, cbor, or an object with "name", "encode" and "decode", and not "xml"'],
  ['an origin with a path', { realms, allowedOrigins: ['https://a.example/b'] }, 'The option "allowedOrigins[0]" must be "*" or an origin such as "https://app.example", without a path and without a "/" at its end, and not "https://a.example/b"'],
  ['a method of no type', { realms, auth: { ticket: {} } }, 'The option "auth.ticket.type" is missing: it must be one of static, dynamic, function'],
  ['a method of a wrong type', { realms, auth: { wampcra: { type: 'database' } } }, 'The option "auth.wampcra.type" must be one of static, dynamic, function'],
  ['a method of the app without its type', { realms, auth: { password: { authenticator () {} } } }, 'The option "auth.password" is not a method of the router: the methods are anonymous, ticket, wampcra, wamp-scram, cryptosign, tls, cookie. A custom method requires type "function"'],
  ['methods in a list', { realms, auth: ['ticket'] }, 'The option "auth" must be an object, and not a list'],
  ['users under the name of another method\'s', { realms, auth: { ticket: { type: 'static', users: {} } } }, 'The option "auth.ticket.principals" is missing, and "users" is not an option'],
  ['an empty secret', { realms, auth: { wampcra: { type: 'static', users: { joe: { secret: '', role: 'frontend' } } } } }, /"auth.wampcra.users.joe.secret" must not be empty$/],
  ['a type of store that does not exist', { realms, cookie: { store: { type: 'redis' } } }, 'The option "cookie.store.type" must be one of memory, file, database, and not "redis"'],
  ['a URL in place of a type, which may have a password', { realms, cookie: { store: { type: 'redis://:pw@host' } } }, /"cookie.store.type" must be one of memory, file, database$/],
  ['a URL in place of a file\'s name', { realms, cookie: { store: { type: 'file', filename: new URL('file:///a') } } }, 'The option "cookie.store.filename" must be a string, and not a URL'],
  ['a number in place of a secret', { realms, cookie: { secret: 5 } }, /"cookie.secret" must be a string, or a list of strings, and not a number$/],
  ['a time that is no number', { realms, handshakeTimeout: NaN }, 'The option "handshakeTimeout" must be a whole number of milliseconds from 1 to 2147483647, and not NaN'],
  ['the prefix of a scope', { realms, prefix: '/api' }, 'The option "prefix" is not supported: write it into "path", or register fastify-wamp inside a plugin that has the prefix'],
  ['an option that is like no other', { realms, failedLogins: { max: 5 } }, /"failedLogins.max" is not an option: the options are address, authid, cookie, recovery$/],
  ['a function that is none', { realms, auth: { mine: { type: 'function', authenticator: 'x' } } }, 'The option "auth.mine.authenticator" must be a function'],
  ['a user without a role', { realms, auth: { wampcra: { type: 'static', users: { joe: { secret: 's' } } } } }, 'The option "auth.wampcra.users.joe.role" is missing'],
  ['a password instead of what is kept of it', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { password: 's', role: 'frontend' } } } } }, 'The option "auth.wamp-scram.principals.joe.kdf" is missing'],
  ['an unknown key derivation function is refused [TRP-49]', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, kdf: 'argon2id-13' } } } } }, 'The option "auth.wamp-scram.principals.joe.kdf" must be one of pbkdf2, argon2id13'],
  ['Argon2id without its memory cost is refused [SCR-09]', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, kdf: 'argon2id13' } } } } }, 'The option "auth.wamp-scram.principals.joe.memory" is missing'],
  ['PBKDF2 with a memory cost is refused [SCR-09]', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, memory: 8 } } } } }, 'The option "auth.wamp-scram.principals.joe.memory" is not an option'],
  ['a stored key that is none', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, storedKey: 'ab' } } } } }, 'The option "auth.wamp-scram.principals.joe.storedKey" must be 32 octets in Base64'],
  ['a SCRAM user\'s role that no realm has', { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, role: 'boss' } } } } }, 'The option "auth.wamp-scram.principals.joe.role" must be a role of a realm: there is no role "boss"'],
  ['a key that is none', { realms, auth: { cryptosign: { type: 'static', principals: { joe: { authorizedKeys: ['ab'], role: 'frontend' } } } } }, 'The option "auth.cryptosign.principals.joe.authorizedKeys[0]" must be a key of 64 hexadecimal digits'],
  ['a key\'s role that no realm has', { realms, auth: { cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [], role: 'boss' } } } } }, 'The option "auth.cryptosign.principals.joe.role" must be a role of a realm: there is no role "boss"'],
  ['a certificate without a fingerprint', { realms, auth: { tls: { type: 'static', principals: { joe: { role: 'frontend' } } } } }, 'The option "auth.tls.principals.joe.certificateSha256" is missing'],
  ['a fingerprint that is none', { realms, auth: { tls: { type: 'static', principals: { joe: { certificateSha1: 'AA:BB', role: 'frontend' } } } } }, 'The option "auth.tls.principals.joe.certificateSha1" must be a fingerprint of 20 octets'],
  ['a certificate\'s role that no realm has', { realms, auth: { tls: { type: 'static', principals: { joe: { certificateSha1: 'ab'.repeat(20), role: 'boss' } } } } }, 'The option "auth.tls.principals.joe.role" must be a role of a realm: there is no role "boss"'],
  ['a role that no realm has', { realms, auth: { ticket: { type: 'static', principals: { joe: { ticket: 's', role: 'boss' } } } } }, 'The option "auth.ticket.principals.joe.role" must be a role of a realm: there is no role "boss"'],
  ['a user\'s realm that does not exist', { realms, auth: { wampcra: { type: 'static', users: { joe: { secret: 's', role: 'frontend', realm: 'other' } } } } }, 'The option "auth.wampcra.users.joe.realm" must be one of the realms'],
  ['no auth, and no role anonymous', { realms: { r: { roles: { frontend: {} } } } }, 'The option "auth" is missing: without it clients join anonymously with the role "anonymous", which no realm defines: set auth, or add realms.r.roles.anonymous'],
  ['cookie logins without a cookie are refused [CKI-11]', { realms, auth: { wampcra, cookie: {} } }, 'The option "auth.cookie" needs the "cookie" option'],
  ['no method', { realms, auth: {} }, 'The option "auth" must name a method'],
  ['an unknown option of the cookie is refused [CKI-02]', { realms, cookie: { max_age: 1 } }, 'The option "cookie.max_age" is not an option: did you mean "maxAge"?'],
  ['a cookie that is too short is refused [CKI-04]', { realms, cookie: { length: 6 } }, 'The option "cookie.length" must be a whole number of characters from 22 to 64, and not 6'],
  ['a cookie that lasts too long is refused [CKI-05]', { realms, cookie: { maxAge: 311040001 } }, 'The option "cookie.maxAge" must be a whole number of seconds from 1 to 311040000, and not 311040001'],
  ['a login that is idle too soon', { realms, cookie: { idleTimeout: 59 } }, 'The option "cookie.idleTimeout" must be 0, or 60 seconds or more'],
  ['a cookie that is replaced too often', { realms, cookie: { rotateAfter: 1 } }, 'The option "cookie.rotateAfter" must be 0, or 60 seconds or more'],
  ['a short secret', { realms, cookie: { secret: ['x'.repeat(32), 'x'.repeat(31)] } }, 'The option "cookie.secret" must have 32 characters or more'],
  ['a secret that is none', { realms, cookie: { secret: [5] } }, 'The option "cookie.secret[0]" must be a string, and not a number'],
  ['a store that is none', { realms, cookie: { store: { get () {} } } }, 'The option "cookie.store" must be a cookie store, or an instance of Keyv: it has no set, delete, entries, close'],
  ['a URL in place of a store', { realms, cookie: { store: 'redis://localhost' } }, 'The option "cookie.store" must be a cookie store, or an instance of Keyv, and not a string'],
  ['a class in place of a store', { realms, cookie: { store: class Redis {} } }, 'The option "cookie.store" must be an instance, and not a class: use new Redis(…)'],
  ['a store of an unknown type is refused [CKI-07]', { realms, cookie: { store: { type: 'redis' } } }, 'The option "cookie.store.type" must be one of memory, file'],
  ['an unknown option of a memory store is refused [CKI-08]', { realms, cookie: { store: { type: 'memory', size: 1 } } }, 'The option "cookie.store.size" is not an option'],
  ['a file store without a filename is refused [CKI-09]', { realms, cookie: { store: { type: 'file' } } }, 'The option "cookie.store.filename" is missing'],
  ['a cookie file that would be served', { realms, static: { root: '/srv/web' }, cookie: { store: { type: 'file', filename: '/srv/web/cookies.dat' } } }, 'The option "cookie.store.filename" must not be inside a static root: it would be served'],
  ['SameSite=None without Secure is refused [CKH-06]', { realms, cookie: { sameSite: 'none' } }, 'The option "cookie.secure" must be true with sameSite "none"'],
  ['a __Host- cookie without Secure', { realms, cookie: { name: '__Host-id' } }, 'The option "cookie.secure" must be true for a cookie named "__Host-id"'],
  ['a partitioned cookie that is not Secure', { realms, cookie: { partitioned: true } }, 'The option "cookie.secure" must be true for a partitioned cookie'],
  ['a cookie path that no header can have', { realms, cookie: { path: '/app\r\nset-cookie: a=b' } }, 'The option "cookie.path" must be a path that begins with "/", of printable ASCII without ";"'],
  ['a cookie path that is not ASCII', { realms, cookie: { path: '/äpp' } }, 'The option "cookie.path" must be a path that begins with "/", of printable ASCII without ";"'],
  ['a __Http- cookie without HttpOnly', { realms, cookie: { name: '__Http-id', secure: true, httpOnly: false } }, 'The option "cookie.httpOnly" must be true for a cookie named "__Http-id"'],
  ['a __Host-Http- cookie without HttpOnly', { realms, cookie: { name: '__Host-Http-id', secure: true, httpOnly: false } }, 'The option "cookie.httpOnly" must be true for a cookie named "__Host-Http-id"'],
  ['a __Http- cookie without Secure', { realms, cookie: { name: '__Http-id' } }, 'The option "cookie.secure" must be true for a cookie named "__Http-id"'],
  ['a pattern of origins', { realms, allowedOrigins: ['*', 'https://*.a.example'] }, 'The option "allowedOrigins[1]" must be an origin without "*", because patterns are not supported, and not "https://*.a.example"'],
  ['an origin with a default port', { realms, allowedOrigins: ['https://a.example:443'] }, 'The option "allowedOrigins[0]" must be an origin as browsers send it, such as "https://a.example", and not "https://a.example:443"'],
  ['an origin in upper case', { realms, allowedOrigins: ['https://A.example'] }, 'The option "allowedOrigins[0]" must be an origin as browsers send it, such as "https://a.example", and not "https://A.example"'],
  ['a __Host- cookie with a path', { realms, cookie: { name: '__Host-id', secure: true, path: '/app' } }, 'The option "cookie.path" must be "/" for a cookie named "__Host-id"'],
  ['a static root of a wrong kind', { realms, static: { root: 5 } }, 'The option "static.root" must be a path or file URL'],
  ['a static prefix in a list', { realms, static: [{ root: '/a', prefix: 'b' }] }, 'The option "static[0].prefix" must be a path that begins with "/", and not "b"']
]

for (const [name, options, message] of wrong) {
  t.test(`${name.includes(' refused [') ? name : `${name} is refused`}, with the option's path`, async (t) => {
    t.match(fault(options), { code: 'WAMP_ERR_INVALID_OPTION', message })
  })
}

t.test('a value in place of a secret is not quoted', async (t) => {
  const secret = 'top secret'
  const places: unknown[] = [
    { realms, auth: secret },
    { realms, auth: { ticket: { type: 'static', principals: { joe: secret } } } },
    { realms, auth: { ticket: { type: 'static', principals: { joe: { ticket: [secret], role: 'frontend' } } } } },
    { realms, auth: { cryptosign: { type: 'static', principals: {}, privateKey: secret } } },
    { realms, auth: { 'wamp-scram': { type: 'static', principals: { joe: { ...scram, storedKey: secret } } } } },
    { realms, cookie: { secret: [[secret]] } },
    { realms, cookie: { store: secret } },
    { realms, cookie: { store: { type: secret } } },
    { realms, cookie: { store: { type: 'database', path: 'cookies', maxSize: secret } } }
  ]
  for (const options of places) t.notMatch(fault(options).message, secret)
  t.throws(() => { checkBridge({ call: '/call', as: { realm: 'r', role: 'x' }, signature: { key: secret, secret, tolerance: secret } } as unknown as BridgeOptions) }, { message: /^(?!.*top secret)/ })
})

t.test('no error about an invalid option quotes a secret', async (t) => {
  const auth = { wampcra: { type: 'static', users: { joe: { secret: 'top secret', role: 'frontend', salt: 5 } } } }
  t.notMatch(fault({ realms, auth }).message, 'top secret')
})

t.test('a cookie file that is served through a symbolic link is refused, whether it exists or not', async (t) => {
  const dir = t.testdir({ data: { 'known.dat': '' }, web: t.fixture('symlink', 'data'), other: t.fixture('symlink', 'web') })
  for (const [root, filename] of [['web', 'data/known.dat'], ['web', 'data/new.dat'], ['data', 'web/known.dat'], ['other', 'data/new/er.dat'], ['data', 'other/new.dat']] as const) {
    t.match(fault({ realms, static: { root: join(dir, root) }, cookie: { store: { type: 'file', filename: join(dir, filename) } } }), { code: 'WAMP_ERR_INVALID_OPTION' }, `${root} ${filename}`)
  }
  t.ok(resolveOptions({ realms, static: { root: join(dir, 'web') }, cookie: { store: { type: 'file', filename: join(dir, 'cookies.dat') } } }))
})

t.test('a cookie file or database behind a symbolic link to what does not exist yet is refused', async (t) => {
  const dir = t.testdir({
    web: { sub: {} },
    'file.dat': t.fixture('symlink', 'web/new.dat'),
    twice: t.fixture('symlink', 'file.dat'),
    folder: t.fixture('symlink', 'web/later'),
    sub: t.fixture('symlink', 'web/sub'),
    above: t.fixture('symlink', 'sub/../new.dat'),
    loop: t.fixture('symlink', 'loop/loop'),
    outside: t.fixture('symlink', 'data/new.dat')
  })
  const given = (store: NonNullable<CookieOptions['store']>): FastifyWampOptions => ({ realms, static: { root: join(dir, 'web') }, cookie: { store } })
  for (const name of ['file.dat', 'twice', 'folder/new.dat', 'above']) t.match(fault(given({ type: 'file', filename: join(dir, name) })), { code: 'WAMP_ERR_INVALID_OPTION' }, name)
  t.match(fault(given({ type: 'database', path: join(dir, 'folder') })), { code: 'WAMP_ERR_INVALID_OPTION' })
  for (const name of ['outside', 'loop']) t.ok(resolveOptions(given({ type: 'file', filename: join(dir, name) })), name)
})

t.test('a cookie file beside a static root, or in a folder of it that is not served, is fine', async (t) => {
  for (const filename of ['/srv/cookies.dat', '/srv/website/cookies.dat', '/srv/web/.crossbar/cookies.dat', '/srv/web/.cookies.dat']) {
    t.ok(resolveOptions({ realms, static: { root: '/srv/web' }, cookie: { store: { type: 'file', filename } } }), filename)
  }
})

t.test('a further endpoint is checked against the router\'s realms', async (t) => {
  const router = resolveOptions({ realms })
  const served = { files: [], cookies: [] }
  t.equal(resolveEndpoint({ path: '/other' }, router, served).path, '/other')
  t.throws(() => resolveEndpoint({ realms } as EndpointOptions, router, served), { message: 'The option "realms" is not an option' })
  t.throws(() => resolveEndpoint({ auth: { anonymous: { type: 'static', role: 'boss' } } }, router, served), { code: 'WAMP_ERR_INVALID_OPTION' })
})

t.test('an authorizer is a URI or a function, and cannot be combined with permissions [AZN-08]', async (t) => {
  const withRole = (role: object): object => ({ realms: { realm1: { roles: { anonymous: role } } } })
  t.match(fault(withRole({ authorizer: 5 })), { code: 'WAMP_ERR_INVALID_OPTION', message: /"realms\.realm1\.roles\.anonymous\.authorizer" must be a URI or function/ })
  t.match(fault(withRole({ authorizer: 'a..b' })).message, /authorizer" must be a URI or function/)
  t.match(fault(withRole({ authorizer: 'a.b', permissions: [{ uri: 'a' }] })).message, /authorizer" cannot be combined with permissions/)
})

t.test('a dynamic authenticator must name an existing realm and role [DYN-01, DYN-05]', async (t) => {
  const ticket = (more: object): object => ({ realms, auth: { ticket: { type: 'dynamic', authenticator: 'com.x', ...more } } })
  t.match(fault(ticket({ authenticator: 'a b' })).message, /"auth\.ticket\.authenticator" must be a URI/)
  t.match(fault(ticket({ authenticatorRealm: 'other' })).message, /"auth\.ticket\.authenticatorRealm" must be one of the realms/)
  t.match(fault(ticket({ authenticatorRole: 'other' })).message, /"auth\.ticket\.authenticatorRole" must be a role: there is no role "other"/)
  t.match(fault(ticket({ defaultRole: 'other' })).message, /"auth\.ticket\.defaultRole" must be a role of a realm/)
  t.match(fault(ticket({ principals: {} })).message, /"auth\.ticket\.principals" is not an option/)
  resolveOptions(ticket({ authenticatorRealm: 'realm1', authenticatorRole: 'trusted', defaultRole: 'frontend' }) as FastifyWampOptions)
})

t.test('each history has a topic or pattern of its own [HIS-13]', async (t) => {
  const withHistory = (...eventHistory: object[]): object => ({ realms: { realm1: { roles: { anonymous: {} }, eventHistory } } })
  t.match(fault(withHistory({ uri: 'a..b' })).message, /"realms\.realm1\.eventHistory\[0\]\.uri" must be a URI that fits match "exact"/)
  t.match(fault(withHistory({ uri: 'a' }, { uri: 'a', match: 'exact' })).message, /eventHistory\[1\]\.uri" is already used in realms\.realm1\.eventHistory\[0\]/)
  t.match(fault(withHistory({ uri: 'a', limit: 0 })).message, /eventHistory\[0\]\.limit"/)
  const withSlow = (...slowSubscribers: object[]): object => ({ realms: { realm1: { roles: { anonymous: {} }, slowSubscribers } } })
  t.match(fault(withSlow({ uri: 'a', policy: 'block' })).message, /slowSubscribers\[0\]\.policy" must be one of drop-newest/)
  t.match(fault(withSlow({ uri: 'a', policy: 'close', publishersWait: -1 })).message, /slowSubscribers\[0\]\.publishersWait" must be/)
  t.match(fault(withSlow({ uri: 'a' })).message, /slowSubscribers\[0\]\.policy" is missing/)
  t.match(fault(withSlow({ uri: 'a', policy: 'close' }, { uri: 'a', policy: 'close' })).message, /slowSubscribers\[1\]\.uri" is already used in/)
})

t.test('a role has one permission for each URI and pattern, however it is written', async (t) => {
  const withPermissions = (...permissions: object[]): object => ({ realms: { realm1: { roles: { anonymous: { permissions } } } } })
  for (const [first, second] of [
    [{ uri: 'a' }, { uri: 'a' }], [{ uri: 'a' }, { uri: 'a', match: 'exact', allow: { call: true } }], [{ uri: 'a.*' }, { uri: 'a.', match: 'prefix' }], [{ uri: '*' }, { uri: '', match: 'prefix' }], [{ uri: 'a.*.b' }, { uri: 'a..b', match: 'wildcard' }]
  ] as const) {
    t.match(fault(withPermissions({ uri: 'b' }, first, second)).message, /permissions\[2\]\.uri" selects the same URIs as realms\.realm1\.roles\.anonymous\.permissions\[1\]/)
  }
  resolveOptions(withPermissions({ uri: 'a' }, { uri: 'a', match: 'prefix' }, { uri: 'a', match: 'wildcard' }, { uri: 'a.*' }) as FastifyWampOptions)
})

t.test('permissions that are probably unintended are named, with the probable intention', async (t) => {
  const doubtsAbout = (one: PermissionOptions): string[] => [...doubtfulPermissions(resolveOptions(permission(one) as FastifyWampOptions).realms)].map(({ text }) => text)
  const doubtful: [permission: PermissionOptions, text: RegExp][] = [
    [{ uri: 'com.example.*', match: 'prefix' }, /literal.*write \{ uri: "com\.example\.", match: "prefix" \}/],
    [{ uri: 'com.example.*', match: 'exact' }, /literal.*write \{ uri: "com\.example\.", match: "prefix" \}/],
    [{ uri: 'com.*.news', match: 'wildcard' }, /literal.*write \{ uri: "com\.\.news", match: "wildcard" \}/],
    [{ uri: 'com.example.' }, /^the permission ends in "\.".*add match: "prefix"$/],
    [{ uri: 'com.*example.news' }, /next to other characters/],
    [{ uri: 'com..news' }, /not a valid URI/]
  ]
  for (const [one, text] of doubtful) t.match(doubtsAbout(one), [text], JSON.stringify(one))
  const meant: PermissionOptions[] = [{ uri: 'com.example.*' }, { uri: '*' }, { uri: '', match: 'prefix' }, { uri: 'com.*.news' }, { uri: 'com..news', match: 'wildcard' }, { uri: 'com.example.', match: 'prefix' }, { uri: 'com.example.a' }]
  for (const one of meant) t.same(doubtsAbout(one), [], JSON.stringify(one))
})
