import t from 'tap'
import { scramCredentials } from 'fastify-wamp'
import { Authenticators } from '../../plugin/auth/authenticators.ts'
import { verifyStaticUsers } from '../../plugin/auth/cookie-authenticator.ts'
import type { WampScramOptions } from '../../plugin/auth-options.ts'
import type { TlsChannel } from '../../plugin/transport/transport.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import { answerScram } from '../helper/scram-client.ts'
import type { ScramAnswer, ScramChallenge } from '../helper/scram-client.ts'

const realms = { realm1: { roles: { frontend: everything, staff: everything } }, realm2: { roles: { frontend: everything } } }
const principals: WampScramOptions['principals'] = {
  joe: { ...await scramCredentials('pencil', { kdf: 'pbkdf2', iterations: 100, salt: 'c29tZXNhbHQ=' }), role: 'frontend' },
  'a=n,n': { ...await scramCredentials('pen', { iterations: 1, memory: 8 }), role: 'staff' },
  zoë: { ...await scramCredentials('brush', { iterations: 1, memory: 8 }), role: 'frontend', realm: 'realm2' }
}
const exported = Buffer.alloc(32, 0xa5)
/** A channel as TLS 1.3 has it. */
const channel: TlsChannel = { peerCertificate: null, channelBinding: (type) => type === 'tls-exporter' ? exported : null }
const nonce = 'egVDf3DMJh0='

const denied = [3, { message: 'the proof is wrong' }, 'wamp.error.authentication_denied']
const failed = (message: string): unknown[] => [3, { message }, 'wamp.error.authentication_failed']

interface Login {
  readonly authid?: string
  readonly authextra?: Readonly<Record<string, unknown>>
  readonly tls?: TlsChannel
  readonly options?: WampScramOptions['principals']
}
type Answer = (challenge: ScramChallenge) => Pick<ScramAnswer, 'signature' | 'extra'>

/** Says HELLO, answers a CHALLENGE, and returns all that came. */
async function login ({ authid = 'joe', authextra = { nonce }, tls, options = principals }: Login, answer?: Answer): Promise<unknown[][]> {
  const { connect, logged } = buildRouter({ realms, auth: { 'wamp-scram': { type: 'static', principals: options } } })
  const client = connect()
  client.tls = tls ?? null
  client.say(helloAs({ authmethods: ['wamp-scram'], authid, authextra }))
  await settled()
  const [last] = client.sent
  if (last?.[0] === 4 && answer !== undefined) {
    const { signature, extra } = answer(last[2] as ScramChallenge)
    client.say([5, signature, extra])
  }
  await settled()
  client.connection.closed()
  t.same(logged, [])
  return client.sent
}
const knowing = (password: string, authid = 'joe'): Answer => (challenge) => answerScram(challenge, { authid, password, nonce })

const uncalled = (): never => { throw new Error('no procedure is called') }

t.test('a client that knows the password is logged in, and the router proves its identity [SCR-01, SCR-03, SCR-05, SCR-06, TRP-49, TRP-50]', async (t) => {
  for (const [authid, password, expected] of [
    ['joe', 'pencil', { realm: 'realm1', authid: 'joe', authrole: 'frontend' }],
    ['a=n,n', 'pen', { realm: 'realm1', authid: 'a=n,n', authrole: 'staff' }],
    ['zoë', 'brush', { realm: 'realm2', authid: 'zoë', authrole: 'frontend' }]
  ] as const) {
    let verifier: string | undefined
    const [challenge, welcome] = await login({ authid }, (challenge) => {
      const answer = answerScram(challenge, { authid, password, nonce })
      ;({ verifier } = answer)
      return answer
    })
    const { kdf, salt, iterations, memory = null } = principals[authid]!
    t.match(challenge, [4, 'wamp-scram', { nonce: /^egVDf3DMJh0=[A-Za-z0-9+/]{24}$/, kdf, salt, iterations, memory }])
    t.same(Object.keys(challenge![2] as object), ['nonce', 'salt', 'kdf', 'iterations', 'memory'])
    t.match(welcome, [2, Number, { ...expected, authmethod: 'wamp-scram', authprovider: 'static', authextra: { verifier } }])
  }
})

t.test('different encodings of one name are equal [SCR-09]', async (t) => {
  const authid = 'zoe\u0308'
  t.match(await login({ authid }, knowing('brush', authid)), [[4], [2, Number, { authid: 'zoë' }]])
})

t.test('each challenge has its own nonce [AUT-15]', async (t) => {
  t.not(...await Promise.all([1, 2].map(async () => ((await login({}))[0]![2] as ScramChallenge).nonce)) as [string, string])
})

t.test('a wrong proof is refused, and so is one that repeats earlier values incorrectly [SCR-05, AUT-09, TRP-51]', async (t) => {
  const right = knowing('pencil')
  const changed = (extra: object): Answer => (challenge) => ({ ...right(challenge), extra: { ...right(challenge).extra, ...extra } })
  for (const answer of [
    knowing('Pencil'), knowing('pencil', 'ann'),
    () => ({ signature: '', extra: {} }),
    (challenge: ScramChallenge) => ({ ...right(challenge), extra: {} }),
    (challenge: ScramChallenge) => answerScram({ ...challenge, nonce: `${challenge.nonce}AAAA` }, { authid: 'joe', password: 'pencil', nonce }),
    changed({ nonce }), changed({ nonce: 5 }), changed({ channel_binding: 'tls-exporter' }), changed({ cbind_data: '' }), changed({ cbind_data: exported.toString('base64') })
  ]) t.match(await login({}, answer), [[4], denied])
  t.match(await login({}, (challenge) => ({ ...right(challenge), extra: { nonce: challenge.nonce } })), [[4], [2]], 'what is null may be left out')
})

t.test('the values of HELLO are read from authextra and validated [SCR-01, TRP-51]', async (t) => {
  for (const nonce of [undefined, null, '', 5, 'no Base64', 'QQ', 'QQ=', '====', ['QQ==']]) {
    t.match(await login({ authextra: { nonce } }), [failed('HELLO.Details.authextra.nonce must be Base64')])
  }
  for (const type of [5, '', {}]) {
    t.match(await login({ authextra: { nonce, channel_binding: type } }), [failed('HELLO.Details.authextra.channel_binding must be a string')])
  }
  const { connect } = buildRouter({ realms, auth: { 'wamp-scram': { type: 'static', principals } } })
  const client = connect().say(helloAs({ authmethods: ['wamp-scram'] }))
  await settled()
  t.match(client.sent, [[3, { message: String }, 'wamp.error.no_such_principal']])
})

t.test('an unavailable channel binding is refused, and an available one is checked [SCR-02, SCR-05]', async (t) => {
  const asking = (type: string): object => ({ authextra: { nonce, channel_binding: type } })
  for (const [type, tls] of [['tls-unique', channel], ['tls-server-end-point', channel], ['tls-exporter', undefined], ['y', channel]] as const) {
    t.match(await login({ ...asking(type), ...tls === undefined ? {} : { tls } }), [failed('this type of channel binding is not available')])
  }
  const bound = (data: Buffer, extra: object = {}): Answer => (challenge) => {
    const answer = answerScram(challenge, { authid: 'joe', password: 'pencil', nonce, binding: { type: 'tls-exporter', data } })
    return { ...answer, extra: { ...answer.extra, ...extra } }
  }
  const exporter = { ...asking('tls-exporter'), tls: channel }
  t.match(await login(exporter, bound(exported)), [[4], [2]])
  for (const answer of [bound(Buffer.alloc(32)), bound(exported, { cbind_data: null }), bound(exported, { channel_binding: null }), bound(exported, { channel_binding: 'tls-unique' }), bound(Buffer.alloc(32), { cbind_data: exported.toString('base64') }), knowing('pencil')]) {
    t.match(await login(exporter, answer), [[4], denied])
  }
})

t.test('an unknown user is always challenged in the same way as a known one, and refused [SCR-02, AUT-10]', async (t) => {
  const { connect } = buildRouter({ realms, auth: { 'wamp-scram': { type: 'static', principals } } })
  const ask = async (authid: string): Promise<ScramChallenge> => {
    const client = connect().say(helloAs({ authmethods: ['wamp-scram'], authid, authextra: { nonce } }))
    await settled()
    const challenge = client.sent[0]![2] as ScramChallenge
    client.say([5, 'AAAA', { nonce: challenge.nonce }])
    await settled()
    t.match(client.sent, [[4], denied])
    return { ...challenge, nonce: '' }
  }
  const shape = ({ kdf, iterations, memory, salt }: Pick<ScramChallenge, 'kdf' | 'iterations' | 'salt'> & { memory?: number | null }): string => [kdf, iterations, memory, salt.length].join()
  const known = new Set(Object.values(principals).map(shape))
  const names = ['nobody', '__proto__', '\u0007', 'x'.repeat(1024), ...Array.from({ length: 40 }, (_, i) => `user${i}`)]
  const challenges = await Promise.all(names.map(ask))
  for (const [i, challenge] of challenges.entries()) {
    t.ok(known.has(shape(challenge)), 'as a known user is challenged')
    t.same(await ask(names[i]!), challenge, 'once more, and the same')
  }
  t.equal(new Set(challenges.map(({ salt }) => salt)).size, names.length, 'a salt for each')
  t.equal(new Set(challenges.map(({ kdf }) => kdf)).size, 2, 'no way to be challenged is left to the known users')
  t.match(await login({ authid: 'nobody', options: {} }, () => ({ signature: 'AAAA', extra: {} })), [[4, 'wamp-scram', { salt: /^.{24}$/, kdf: 'argon2id13' }], denied], 'nor where there is no user')
})

t.test('names that SASLprep rejects or treats as equal cause a configuration error [SCR-09]', async (t) => {
  const { joe } = principals as { joe: WampScramOptions['principals'][string] }
  for (const wrong of [{ '\u0007': joe }, Object.fromEntries([['IX', joe], ['\u2168', joe]])]) {
    t.throws(() => new Authenticators({ 'wamp-scram': { type: 'static', principals: wrong } }, uncalled), { code: 'WAMP_ERR_INVALID_OPTION', message: /^The option "auth.wamp-scram.principals.[^"]+" must have a name/ })
  }
})

t.test('a cookie login by password is valid while its user is configured', async (t) => {
  const verify = verifyStaticUsers({ 'wamp-scram': { type: 'static', principals } })
  const record = { created: 0, maxAge: 1, authid: 'joe', authrole: 'old', authmethod: 'wamp-scram', authrealm: 'realm1' }
  t.same(verify(record), { authrole: 'frontend' })
  t.equal(verify({ ...record, authid: 'gone' }), false)
})
