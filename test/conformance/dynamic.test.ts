import { createHmac, createPrivateKey, createPublicKey, pbkdf2Sync, sign } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { scramCredentials, WampError } from 'fastify-wamp'
import type { AuthOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { answerScram } from '../helper/scram-client.ts'
import type { ScramChallenge } from '../helper/scram-client.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import type { ClientTransport, Host } from '../helper/transports.ts'

const authenticator = 'com.example.authenticate'
const realms = { realm1: { roles: { frontend: everything, backend: {} } }, realm2: { roles: { frontend: everything } } }
const roles = { caller: {} }
interface Details { authid?: string, ticket?: string, session: number, authmethod: string, authextra: Record<string, unknown>, transport: { type: string } }

/** An app whose users a procedure knows. */
async function build (t: Test, transport: ClientTransport, auth: AuthOptions, answer: (realm: string, authid: string | null, details: Details) => unknown, realm = 'realm1'): Promise<Host> {
  const host = await buildHost(t, transport, { realms, auth })
  await host.app.wamp.join(realm).register<[string, string | null, Details]>(authenticator, ({ args }) => answer(...args))
  return host
}

/** Says HELLO, answers a challenge if there is one, and returns what came last. */
async function login (host: Host, hello: object, prove: (extra: Record<string, unknown>) => [signature: string, extra?: object] = () => [''], realm: string | null = 'realm1'): Promise<unknown[]> {
  const client = await host.connect()
  const answer = await client.ask([1, realm, { roles, ...hello }])
  if (answer[0] !== 4) return answer
  const [signature, extra = {}] = prove(answer[2] as Record<string, unknown>)
  return await client.ask([5, signature, extra])
}

forEachTransport(t, 'a procedure is called with a ticket, and returns the identity [DYN-01, DYN-02, DYN-03, TIC-02]', async (t, transport) => {
  const asked: unknown[] = []
  const host = await build(t, transport, { ticket: { type: 'dynamic', authenticator } }, (realm, authid, details) => {
    asked.push([realm, authid, details.authmethod, details.ticket, details.authextra, details.transport.type])
    return authid === 'joe' ? 'frontend' : { role: 'frontend', authid: 'someone else', realm: 'realm2', extra: { team: 'red' } }
  })
  const hello = { authmethods: ['ticket'], authextra: { from: 'here' } }
  t.match(await login(host, { ...hello, authid: 'joe' }, () => ['secret']), [2, Number, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'dynamic' }])
  t.match(await login(host, { ...hello, authid: 'ann' }, () => ['other']), [2, Number, { realm: 'realm2', authid: 'someone else', authextra: { team: 'red' } }])
  const { transport: { type } } = await host.connect()
  t.same(asked, [['realm1', 'joe', 'ticket', 'secret', { from: 'here' }, type], ['realm1', 'ann', 'ticket', 'other', { from: 'here' }, type]])
})

forEachTransport(t, 'a procedure returns the secret for WAMP-CRA, plain or derived, and the router checks the proof [DYN-03, CRA-05]', async (t, transport) => {
  const derived = pbkdf2Sync('secret1', 'salt123', 100, 16, 'sha256').toString('base64')
  const host = await build(t, transport, { wampcra: { type: 'dynamic', authenticator } }, (_realm, authid) =>
    authid === 'joe' ? { role: 'frontend', secret: '123456' } : { role: 'frontend', secret: derived, salt: 'salt123', iterations: 100, keylen: 16 })
  const prove = (key: string) => ({ challenge }: Record<string, unknown>): [string] => [createHmac('sha256', key).update(String(challenge)).digest('base64')]
  const hello = { authmethods: ['wampcra'] }
  t.match(await login(host, { ...hello, authid: 'joe' }, prove('123456')), [2, Number, { authid: 'joe', authprovider: 'dynamic' }])
  t.match(await login(host, { ...hello, authid: 'peter' }, (extra) => {
    t.match(extra, { salt: 'salt123', iterations: 100, keylen: 16 })
    return prove(derived)(extra)
  }), [2, Number, { authid: 'peter' }])
  t.match(await login(host, { ...hello, authid: 'joe' }, prove('wrong')), [3, {}, 'wamp.error.authentication_denied'])
})

forEachTransport(t, 'a procedure returns the key for cryptosign, and the credentials for wamp-scram [DYN-03]', async (t, transport) => {
  const credentials = await scramCredentials('pencil', { kdf: 'pbkdf2', iterations: 100 })
  // In PKCS #8 a key is its seed alone: as a JWK it would need its public half, too.
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]), format: 'der', type: 'pkcs8' })
  const pubkey = Buffer.from(String(createPublicKey(key).export({ format: 'jwk' }).x), 'base64url').toString('hex')
  const host = await build(t, transport, { cryptosign: { type: 'dynamic', authenticator }, 'wamp-scram': { type: 'dynamic', authenticator } }, (_realm, authid, { authmethod }) => {
    if (authmethod === 'wamp-scram') return { role: 'frontend', ...credentials, 'stored-key': credentials.storedKey, 'server-key': credentials.serverKey }
    return { role: 'frontend', pubkey: authid === 'stranger' ? '00'.repeat(32) : pubkey }
  })
  const signed = ({ challenge }: Record<string, unknown>): [string] => [`${sign(null, Buffer.from(String(challenge), 'hex'), key).toString('hex')}${String(challenge)}`]
  const byKey = { authmethods: ['cryptosign'], authextra: { pubkey } }
  t.match(await login(host, byKey, signed), [2, Number, { authid: pubkey, authmethod: 'cryptosign' }])
  t.match(await login(host, { ...byKey, authid: 'joe' }, signed), [2, Number, { authid: 'joe' }])
  t.match(await login(host, { ...byKey, authid: 'stranger' }, signed), [3, {}, 'wamp.error.authentication_denied'])
  const nonce = 'egVDf3DMJh0='
  const proof = (password: string) => (extra: Record<string, unknown>): [string, object] => {
    const answer = answerScram(extra as unknown as ScramChallenge, { authid: 'joe', password, nonce })
    return [answer.signature, answer.extra]
  }
  const byPassword = { authmethods: ['wamp-scram'], authid: 'joe', authextra: { nonce } }
  t.match(await login(host, byPassword, proof('pencil')), [2, Number, { authid: 'joe', authextra: { verifier: String } }])
  t.match(await login(host, byPassword, proof('pen')), [3, {}, 'wamp.error.authentication_denied'])
})

forEachTransport(t, 'a procedure can also decide about anonymous sessions [ANO-02]', async (t, transport) => {
  const host = await build(t, transport, { anonymous: { type: 'dynamic', authenticator, defaultRole: 'frontend' } }, (_realm, authid) => authid === 'guest' ? { authid: 'guest 1' } : {})
  t.match(await login(host, { authid: 'guest' }), [2, Number, { authid: 'guest 1', authrole: 'frontend', authmethod: 'anonymous', authprovider: 'dynamic' }])
  t.match(await login(host, {}), [2, Number, { authid: /^.{16}$/ }])
  t.match(await login(host, { authid: 'root' }), [2, Number, { authid: /^[\w-]{16,}$/ }], 'without a proof, a client does not get the name that it asks for')
})

forEachTransport(t, 'the error of a procedure is the ABORT reason, and a failure is not disclosed [DYN-04, DYN-03, AUT-09, AUT-13]', async (t, transport) => {
  const answers: Record<string, () => unknown> = {
    banned: () => { throw new WampError('com.example.banned', { args: ['you know why'] }) },
    broken: () => { throw new Error('secret of the app') },
    nothing: () => undefined,
    number: () => 5,
    'no role': () => ({ authid: 'joe' }),
    'unknown role': () => 'other',
    trusted: () => 'trusted',
    'odd extra': () => ({ role: 'frontend', extra: 5 }),
    'odd realm': () => ({ role: 'frontend', realm: 5 }),
    'other realm': () => ({ role: 'frontend', realm: 'realm3' })
  }
  const host = await build(t, transport, { ticket: { type: 'dynamic', authenticator } }, (_realm, authid) => answers[authid!]!())
  const failed = 'wamp.error.authentication_failed'
  const reasons: Record<string, string> = {
    banned: 'com.example.banned',
    broken: failed,
    nothing: failed,
    number: failed,
    'no role': 'wamp.error.no_such_role',
    'unknown role': 'wamp.error.no_such_role',
    trusted: 'wamp.error.no_such_role',
    'odd extra': failed,
    'odd realm': failed,
    'other realm': 'wamp.error.no_such_realm'
  }
  for (const [authid, reason] of Object.entries(reasons)) {
    const abort = await login(host, { authmethods: ['ticket'], authid }, () => ['x'])
    t.match(abort, [3, { message: String }, reason], authid)
    t.notMatch(JSON.stringify(abort), /secret/)
  }
  t.match(await login(host, { authmethods: ['ticket'], authid: 'banned' }), [3, { message: 'you know why' }])
})

forEachTransport(t, 'the procedure is called in the configured realm with the configured role; if this is impossible, every login fails [DYN-01, DYN-05]', async (t, transport) => {
  const ticket = { type: 'dynamic', authenticator } as const
  const hello = { authmethods: ['ticket'], authid: 'joe' }
  const answer = (): string => 'frontend'
  const elsewhere = await build(t, transport, { ticket: { ...ticket, authenticatorRealm: 'realm2' } }, answer, 'realm2')
  t.match(await login(elsewhere, hello), [2, Number, { realm: 'realm1', authrole: 'frontend' }])
  const nowhere = await build(t, transport, { ticket }, answer, 'realm2')
  t.match(await login(nowhere, hello), [3, {}, 'wamp.error.authentication_failed'], 'no such procedure')
  t.match(await login(nowhere, hello, undefined, null), [3, {}, 'wamp.error.no_such_realm'])
  for (const [authenticatorRole, type] of [['frontend', 2], ['backend', 3]] as const) {
    const host = await build(t, transport, { ticket: { ...ticket, authenticatorRole } }, answer)
    t.equal((await login(host, hello))[0], type, authenticatorRole)
  }
  const other = await build(t, transport, { ticket: { ...ticket, authenticatorRole: 'backend' } }, answer, 'realm2')
  t.match(await login(other, hello, undefined, 'realm2'), [3, {}, 'wamp.error.no_such_role'])
})
