import { createHmac, pbkdf2Sync } from 'node:crypto'
import t from 'tap'
import { Authenticators } from '../../plugin/auth/authenticators.ts'
import type { Attempt, Authenticator } from '../../plugin/auth/authenticator.ts'
import type { WampCraOptions } from '../../plugin/auth-options.ts'
import { verifyStaticUsers } from '../../plugin/auth/cookie-authenticator.ts'
import { wampcraAuthenticator } from '../../plugin/auth/wampcra-authenticator.ts'
import { WampError } from '../../plugin/errors.ts'
import type { FastifyWampOptions } from '../../plugin/options.ts'
import type { Visitor } from '../../plugin/cookie/visitor.ts'
import type { Principal } from '../../plugin/auth/authenticator.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

const realms = { realm1: { roles: { anonymous: everything, frontend: everything } } }
const sign = (key: string, challenge: unknown): string => createHmac('sha256', key).update(String(challenge)).digest('base64')

/** Offers methods; answers challenges; returns all that came. */
async function login (given: Partial<FastifyWampOptions> & { methods?: Record<string, Authenticator>, visitor?: Visitor }, details: Record<string, unknown>, answer?: (extra: Record<string, unknown>) => string): Promise<TestClient> {
  const { methods, visitor, ...options } = given
  const { connect } = buildRouter({ realms, ...options })
  const client = connect({ ...(methods === undefined ? {} : { methods }), ...(visitor === undefined ? {} : { visitor, cookieLogin: true }) }).say(helloAs(details))
  await settled()
  const [last] = client.sent
  if (last?.[0] === 4 && answer !== undefined) client.say([5, answer(last[2] as Record<string, unknown>), {}])
  await settled()
  return client
}
const abort = (reason: string): unknown[] => [3, { message: String }, `wamp.error.${reason}`]

const uncalled = (): never => { throw new Error('no procedure is called') }

t.test('an anonymous session has the configured role and an authid of its own [AUT-04, ANO-01]', async (t) => {
  const { sent } = await login({}, { authid: 'root' })
  t.match(sent, [[2, Number, { authid: /^[\w-]{16}$/, authrole: 'anonymous', authmethod: 'anonymous', authprovider: 'static' }]])
  const fixed = await login({ auth: { anonymous: { type: 'static', authid: 'guest', role: 'frontend' } } }, { authmethods: ['anonymous'] })
  t.match(fixed.sent, [[2, Number, { authid: 'guest', authrole: 'frontend' }]])
})

t.test('methods are tried in the order of the client, and unknown ones are skipped [AUT-01, AUT-02, AUT-03, TRP-25]', async (t) => {
  const auth = { anonymous: { type: 'static' }, ticket: { type: 'static', principals: {} } } as const
  t.match((await login({ auth }, { authid: 'x', authmethods: ['wamp-scram', 'wampcra', 'ticket', 'anonymous'] })).sent, [[4, 'ticket', {}]])
  t.match((await login({ auth }, { authid: 'x', authmethods: ['__proto__', 'anonymous', 'ticket'] })).sent, [[2]])
})

t.test('without a usable method, the reason of the ABORT says why [AUT-01, AUT-05, AUT-06, AUT-11, SES-10, TRP-24, CKL-08]', async (t) => {
  const auth = { ticket: { type: 'static', principals: {} } } as const
  t.match((await login({ auth }, {})).sent, [abort('authentication_required')])
  t.match((await login({ auth }, { authmethods: [] })).sent, [abort('authentication_required')])
  t.match((await login({ auth }, { authmethods: ['wampcra'] })).sent, [abort('no_matching_auth_method')])
  t.match((await login({ auth }, { authmethods: ['cookie'] })).sent, [abort('no_matching_auth_method')])
  t.match((await login({}, { authmethods: ['ticket'] })).sent, [abort('no_matching_auth_method')])
})

t.test('a ticket logs in the user that it belongs to [TIC-01, TIC-02, AUT-07, AUT-12, AUT-16]', async (t) => {
  const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'sesame', role: 'frontend' } } } } as const
  const joe = { authid: 'joe', authmethods: ['ticket'], authrole: 'boss' }
  t.match((await login({ auth }, joe, () => 'sesame')).sent, [[4, 'ticket', {}], [2, Number, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'static' }]])
  for (const wrong of ['', 'Sesame', 'sesame ', 'x'.repeat(10_000)]) {
    t.match((await login({ auth }, joe, () => wrong)).sent, [[4], abort('authentication_denied')])
  }
  t.match((await login({ auth }, { authmethods: ['ticket'] })).sent, [abort('no_such_principal')])
})

t.test('an unknown user is challenged and refused in the same way as a known one [AUT-09, AUT-10]', async (t) => {
  const auth = { ticket: { type: 'static', principals: { joe: { ticket: 'sesame', role: 'frontend' } } } } as const
  const wrong = await login({ auth }, { authid: 'joe', authmethods: ['ticket'] }, () => 'x')
  for (const authid of ['nobody', '__proto__', 'constructor']) {
    const unknown = await login({ auth }, { authid, authmethods: ['ticket'] }, () => 'x')
    t.same(unknown.sent, wrong.sent)
  }
})

t.test('WAMP-CRA logs in a client that signs the challenge with the secret [CRA-01, CRA-02, CRA-05]', async (t) => {
  const auth = { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } } } as const
  const joe = { authid: 'joe', authmethods: ['wampcra'] }
  const { sent: [challenge, welcome] } = await login({ auth }, joe, ({ challenge }) => sign('123456', challenge))
  const extra = challenge![2] as { challenge: string }
  const text = JSON.parse(extra.challenge) as Record<string, unknown>
  t.match(text, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static', nonce: /^[\w-]{64}$/, timestamp: /^\d{4}-\d\d-\d\dT.*Z$/ })
  t.same(Object.keys(extra), ['challenge'], 'no salt for a plain secret')
  t.match(welcome, [2, text.session, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static' }])
  for (const wrong of [() => '', ({ challenge }: Record<string, unknown>) => sign('1234567', challenge), ({ challenge }: Record<string, unknown>) => String(challenge)]) {
    t.match((await login({ auth }, joe, wrong)).sent, [[4], abort('authentication_denied')])
  }
})

t.test('a salted secret is the derived key, or the password if it is marked as plain [CRA-03, CRA-04, CRA-06, TRP-48]', async (t) => {
  const salting = { salt: 'salt123', iterations: 100, keylen: 16, role: 'frontend' }
  const derived = 'prq7+YkJ1/KlW1X0YczMHw=='
  t.equal(pbkdf2Sync('secret1', 'salt123', 100, 16, 'sha256').toString('base64'), derived, 'the published vector')
  for (const user of [{ ...salting, secret: derived }, { ...salting, secret: 'secret1', secretIsPlain: true }]) {
    const auth = { wampcra: { type: 'static', users: { peter: user } } } as const
    const { sent } = await login({ auth }, { authid: 'peter', authmethods: ['wampcra'] }, ({ challenge, salt, iterations, keylen }) => {
      t.same([salt, iterations, keylen], ['salt123', 100, 16])
      return sign(pbkdf2Sync('secret1', String(salt), Number(iterations), Number(keylen), 'sha256').toString('base64'), challenge)
    })
    t.match(sent, [[4], [2]])
  }
  t.equal(sign('L3L1YUE8Txlw', '[1, 2, 3]'), '1njQtmmeYO41N5EWEzD2kAjjEKRZ5kPZt/TzpYXOzR0=', 'the published vector')
})

t.test('an unknown WAMP-CRA user receives the same challenge as a known one, with one salt per name, even after a restart [AUT-10]', async (t) => {
  const challenges: Record<string, unknown>[] = []
  const start = (users: WampCraOptions['users'] = { peter }): Authenticator => wampcraAuthenticator({ users })
  const peter = { secret: 'x', salt: 'salt123', iterations: 100, keylen: 16, role: 'frontend' }
  const attempt = (authid: string): Attempt => ({
    realm: 'realm1', authmethod: 'wampcra', authid, authrole: undefined, authextra: {}, session: 1, transport: { type: 'in-process' }, tls: null, request: null, pseudonym: null, signal: new AbortController().signal, challenge: async (extra = {}) => { challenges.push(extra); return { signature: 'x', extra: {} } }
  })
  for (const name of ['peter', 'nobody', 'nobody', 'else']) {
    await t.rejects(async () => { await start()(attempt(name)) }, { message: /^wamp.error.authentication_denied/ })
  }
  const [known, one, again, other] = challenges
  t.same(Object.keys(one!), Object.keys(known!))
  t.same([one!.iterations, one!.keylen, String(one!.salt).length], [100, 16, 7])
  t.equal(one!.salt, again!.salt)
  t.not(one!.salt, other!.salt)
  t.match(JSON.parse(String(one!.challenge)), { authid: 'nobody', authrole: 'frontend' })

  const mixed = start({ peter, ann: { secret: 'y', role: 'backend' } })
  challenges.length = 0
  for (let i = 0; i < 40; i++) await t.rejects(async () => { await mixed(attempt(`user${i}`)) })
  const shapes = new Set(challenges.map(({ salt, challenge }) => `${typeof salt} ${(JSON.parse(String(challenge)) as { authrole: string }).authrole}`))
  t.same([...shapes].toSorted(), ['string frontend', 'undefined backend'], 'no way to be challenged is left to the known users')
})

t.test('a function grants the identity of a session, after any number of challenges [AUT-08, DYN-06]', async (t) => {
  const twoFactors: Authenticator = async (attempt) => {
    const first = await attempt.challenge({ ask: 'name' })
    const second = await attempt.challenge({ ask: 'code' })
    return { authid: first.signature, role: 'frontend', extra: { code: second.signature } }
  }
  const client = await login({ methods: { mine: twoFactors } }, { authmethods: ['mine'] }, () => 'joe')
  client.say([5, '42', {}])
  await settled()
  t.match(client.sent, [[4, 'mine', { ask: 'name' }], [4, 'mine', { ask: 'code' }], [2, Number, { authid: 'joe', authmethod: 'mine', authprovider: 'function', authextra: { code: '42' } }]])
})

t.test('an AUTHENTICATE without a CHALLENGE is a violation [PVI-03, PVI-04]', async (t) => {
  const never: Authenticator = () => new Promise(() => {})
  const client = await login({ methods: { mine: never } }, { authmethods: ['mine'] })
  client.say([5, 'x', {}])
  t.match(client.sent, [abort('protocol_violation')])
})

t.test('a function rejects a login by throwing a WampError; any other error is logged [AUT-09, DYN-04]', async (t) => {
  const refusing: Authenticator = () => { throw new WampError('com.example.no', { args: ['not today'] }) }
  t.match((await login({ methods: { mine: refusing } }, { authmethods: ['mine'] })).sent, [[3, { message: 'not today' }, 'com.example.no']])
  const failing: Authenticator = async () => { throw new Error('the password of the database') }
  const { connect, logged } = buildRouter({ realms })
  const client = connect({ methods: { mine: failing } }).say(helloAs({ authmethods: ['mine'] }))
  await settled()
  t.same(client.sent, [[3, { message: 'authentication failed' }, 'wamp.error.authentication_failed']])
  t.match(logged, [/^authentication failed Error: the password/])
})

t.test('the grant of a function is validated [AUT-09, AUT-13, AUT-14, DYN-03]', async (t) => {
  for (const [grant, reason] of [
    [{ authid: 'joe', role: 'trusted' }, 'no_such_role'],
    [{ authid: 'joe', role: 'boss' }, 'no_such_role'],
    [{ authid: 'joe' }, 'no_such_role'],
    [{ role: 'frontend' }, 'no_such_principal'],
    [{ authid: '', role: 'frontend' }, 'no_such_principal'],
    [{ authid: 'joe', role: 'frontend', realm: 'none' }, 'no_such_realm'],
    [undefined, 'authentication_failed'],
    ['frontend', 'authentication_failed']
  ] as const) {
    const { sent } = await login({ methods: { mine: (() => grant) as unknown as Authenticator } }, { authmethods: ['mine'] })
    t.match(sent, [abort(reason)], JSON.stringify(grant))
  }
})

t.test('a grant with an obvious mistake is logged as an error that names the field', async (t) => {
  for (const [grant, fault] of [
    [{ authid: 5, role: 'frontend' }, 'granted an "authid" that is not a string'],
    [{ authid: 'joe', role: ['frontend'] }, 'granted a "role" that is not a string'],
    [{ authid: 'joe', authrole: 'frontend' }, 'granted an "authrole": the field is called "role"'],
    [{ authid: 'joe', role: 'frontend', expires: 3600 }, 'granted an "expires" that is not a Date'],
    [{ authid: 'joe', role: 'frontend', realm: 5 }, 'granted a "realm" that is not a string'],
    [{ authid: 'joe', role: 'frontend', authmethod: 5 }, 'granted an "authmethod" that is not a string'],
    [{ authid: 'joe', role: 'frontend', authmethod: '' }, 'granted an "authmethod" that is not a string'],
    [{ authid: 'joe', role: 'frontend', authprovider: ['ldap'] }, 'granted an "authprovider" that is not a string'],
    [{ authid: 'joe', role: 'frontend', extra: 'dark' }, 'granted an "extra" that is not a dict'],
    [{ authid: 'joe', role: 'frontend', extra: ['dark'] }, 'granted an "extra" that is not a dict'],
    [{ authid: 'joe', role: 'frontend', proof: 'signature' }, 'granted a "proof" that is not a dict']
  ] as const) {
    const { connect, logged } = buildRouter({ realms })
    const client = connect({ methods: { mine: (() => grant) as unknown as Authenticator } }).say(helloAs({ authmethods: ['mine'] }))
    await settled()
    t.match(client.sent, [abort('authentication_failed')], fault)
    t.ok(String(logged).includes(`the authenticator for "mine" ${fault}`), String(logged))
  }
})

t.test('parts of a grant that are null are absent', async (t) => {
  const grant = { authid: 'joe', role: 'frontend', realm: null, authmethod: null, authprovider: null, extra: null, expires: null }
  const { sent } = await login({ methods: { mine: (() => grant) as unknown as Authenticator } }, { authmethods: ['mine'] })
  t.match(sent, [[2, Number, { realm: 'realm1', authid: 'joe', authmethod: 'mine', authprovider: 'function' }]])
  t.notOk('authextra' in (sent[0] as [number, number, object])[2])
})

t.test('if the client leaves, the signal of the authenticator aborts, and a later grant is discarded [SES-22]', async (t) => {
  let grant = (_: unknown): void => {}
  let signal: AbortSignal | undefined
  const { connect, router } = buildRouter({ realms })
  const client = connect({ methods: { mine: (attempt) => { ({ signal } = attempt); return new Promise((resolve) => { grant = resolve as typeof grant }) } } }).say(helloAs({ authmethods: ['mine'] }))
  await settled()
  client.connection.closed()
  t.ok(signal?.aborted)
  grant({ authid: 'joe', role: 'frontend' })
  await settled()
  t.same(client.sent, [])
  t.same(router.sessions('realm1'), [])
})

const cookiePrincipal: Principal = { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' }
function visitor (given: Partial<Visitor> & { principal?: Principal | null }): Visitor & { bound: Principal[] } {
  const bound: Principal[] = []
  return { pseudonym: 'browser', bound, recall: async () => given.principal ?? null, challenged () {}, bind: async (one) => { bound.push(one) }, logout: async () => 'is deleted', setSession () {}, ...given }
}

t.test('a cookie with a login logs in at once, with the identity of the login, whatever HELLO requests [CKL-01, CKL-02, CKL-03, TRP-56]', async (t) => {
  for (const authmethods of [['cookie', 'ticket'], ['ticket', 'cookie']]) {
    const one = visitor({ principal: cookiePrincipal })
    const { sent } = await login({ visitor: one }, { authmethods, authid: 'ann' })
    t.match(sent, [[2, Number, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' }]])
    t.same(one.bound, [])
  }
  const { connect } = buildRouter({ realms })
  for (const realm of ['none', null]) {
    const client = connect({ visitor: visitor({ principal: cookiePrincipal }), cookieLogin: true }).say([1, realm, { authmethods: ['cookie'], roles: { caller: {} } }])
    await settled()
    t.match(client.sent, [[2, Number, { realm: 'realm1' }]])
  }
})

t.test('a cookie without a login is skipped [CKL-07]', async (t) => {
  t.match((await login({ visitor: visitor({}) }, { authmethods: ['cookie', 'anonymous'] })).sent, [[2, Number, { authmethod: 'anonymous', authid: 'browser' }]])
  const alone = (await login({ visitor: visitor({}) }, { authmethods: ['cookie'] })).sent
  t.match(alone, [[3, { message: /the cookie has no valid login/ }, 'wamp.error.no_matching_auth_method']], 'and the reason does not say that it is not configured')
})

t.test('a login whose role or realm no longer exists is refused, and its cookie is kept [CKL-04, CKL-05]', async (t) => {
  t.match((await login({ visitor: visitor({ principal: { ...cookiePrincipal, authrole: 'boss' } }) }, { authmethods: ['cookie'] })).sent, [[3, { message: /"boss".*"realm1"/ }, 'wamp.error.no_such_role']])
  t.match((await login({ visitor: visitor({ principal: { ...cookiePrincipal, realm: 'none' } }) }, { authmethods: ['cookie'] })).sent, [abort('no_such_realm')])
})

t.test('a login is bound to the cookie before WELCOME is sent, and an anonymous one is never bound [CKL-10, CKL-11, SES-03]', async (t) => {
  let stored = (): void => {}
  const slow = visitor({ bind: () => new Promise((resolve) => { stored = resolve }) })
  const grant: Authenticator = () => ({ authid: 'joe', role: 'frontend' })
  const { connect, router } = buildRouter({ realms })
  const client = connect({ methods: { mine: grant }, visitor: slow }).say(helloAs({ authmethods: ['mine'] }))
  await settled()
  t.same([client.sent, router.sessions('realm1')], [[], []], 'there is no session before WELCOME')
  stored()
  await settled()
  t.match(client.sent, [[2]])
  const anonymous = visitor({})
  await login({ visitor: anonymous }, {})
  t.same(anonymous.bound, [])
  const refused = visitor({})
  await login({ visitor: refused, methods: { mine: () => ({ authid: 'joe', role: 'trusted' }) } }, { authmethods: ['mine'] })
  t.same(refused.bound, [], 'nor one that is refused')
})

t.test('only GOODBYE wamp.close.logout logs out, and it is answered once the store has confirmed [CKO-01, CKO-05]', async (t) => {
  let forgotten = (): void => {}
  let logouts = 0
  const one = visitor({ logout: () => { logouts++; return new Promise((resolve) => { forgotten = () => { resolve('is deleted') } }) } })
  const { connect } = buildRouter({ realms })
  const client = connect({ visitor: one }).say(helloAs())
  await settled()
  client.say([6, {}, 'wamp.close.close_realm'], helloAs())
  await settled()
  t.equal(logouts, 0)
  client.heard()
  client.say([6, {}, 'wamp.close.logout'])
  await settled()
  t.same(client.heard(), [])
  forgotten()
  await settled()
  t.same(client.heard(), [[6, {}, 'wamp.close.goodbye_and_out']])
  t.equal(logouts, 1)
})

t.test('a stored login of a user who is no longer configured is invalid; otherwise the current role applies', async (t) => {
  const verify = verifyStaticUsers({ wampcra: { type: 'static', users: { joe: { secret: 'x', role: 'guest' }, ann: { secret: 'x', role: 'guest', realm: 'other' } } } })
  const record = { created: 0, maxAge: 1, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
  t.same(verify(record), { authrole: 'guest' })
  t.equal(verify({ ...record, authid: 'gone' }), false)
  t.equal(verify({ ...record, authid: 'ann' }), false, 'for another realm')
  t.equal(verify({ ...record, authmethod: 'mine' }), true, 'others are for their own check')
  t.equal(verify({ ...record, method: 'mine' }), true, 'the method counts that made it, and not the one that is shown')
  t.same(verify({ ...record, authmethod: 'mine', method: 'wampcra' }), { authrole: 'guest' })
  t.equal(verify({ ...record, authid: 'gone', method: null }), true, 'the app made it')
})

t.test('a stored login of another endpoint is valid only with the role that its user has here', async (t) => {
  const verify = verifyStaticUsers({ wampcra: { type: 'static', users: { joe: { secret: 'x', role: 'guest' } } } }, '/staff')
  const record = { created: 0, maxAge: 1, authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
  t.same(verify({ ...record, endpoint: '/staff' }), { authrole: 'guest' })
  for (const elsewhere of [record, { ...record, endpoint: '/ws' }]) {
    t.equal(verify(elsewhere), false)
    t.equal(verify({ ...elsewhere, authrole: 'guest' }), true)
  }
  t.equal(verify({ ...record, authmethod: 'mine', endpoint: '/staff' }), true)
  t.equal(verify({ ...record, authmethod: 'mine', endpoint: '/ws' }), false, 'nobody can tell what a function would grant')
  t.equal(verify({ ...record, authmethod: 'mine' }), true, 'another router made it')
})

t.test('an authenticator can be added only once, under an unused name', async (t) => {
  const authenticators = new Authenticators({ anonymous: { type: 'static' }, cookie: {} }, uncalled)
  const mine: Authenticator = () => ({ authid: 'joe', role: 'frontend' })
  authenticators.set('mine', mine)
  t.equal(authenticators.get('mine'), mine)
  t.same([authenticators.has('mine'), authenticators.has('cookie'), authenticators.has('ticket')], [true, false, false])
  for (const name of ['mine', 'anonymous', 'cookie']) t.throws(() => { authenticators.set(name, mine) }, { code: 'WAMP_ERR_AUTHENTICATOR' })
})
