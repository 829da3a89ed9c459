import { createHmac } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { scramCredentials } from 'fastify-wamp'
import type { AuthOptions } from 'fastify-wamp'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import { ClientKey } from '../helper/cryptosign.ts'
import { answerScram } from '../helper/scram-client.ts'
import type { ScramChallenge } from '../helper/scram-client.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const key = new ClientKey('11'.repeat(32))
const nonce = 'egVDf3DMJh0='
const credentials = await scramCredentials('the password of joe', { kdf: 'pbkdf2', iterations: 100 })
const { kdf, salt, iterations, storedKey, serverKey } = credentials
const role = 'user'

/** For each method, HELLO.Details.authextra and the answer to CHALLENGE. */
type Answer = (challenge: Record<string, string>) => { readonly signature: string, readonly extra?: object }
const methods: Readonly<Record<string, { readonly authextra?: object, readonly answer: Answer }>> = {
  ticket: { answer: () => ({ signature: 'the ticket of joe' }) },
  wampcra: { answer: ({ challenge }) => ({ signature: createHmac('sha256', 'the secret of joe').update(challenge!).digest('base64') }) },
  'wamp-scram': { authextra: { nonce }, answer: (challenge) => answerScram(challenge as unknown as ScramChallenge, { authid: 'joe', password: 'the password of joe', nonce }) },
  cryptosign: { authextra: { pubkey: key.publicKey, challenge: '22'.repeat(32) }, answer: ({ challenge }) => ({ signature: key.answer(challenge!) }) },
  mutual: { answer: () => ({ signature: 'the signature of joe' }) }
}

const statically: AuthOptions = {
  ticket: { type: 'static', principals: { joe: { ticket: 'the ticket of joe', role } } },
  wampcra: { type: 'static', users: { joe: { secret: 'the secret of joe', role } } },
  'wamp-scram': { type: 'static', principals: { joe: { ...credentials, role } } },
  cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [key.publicKey], role } }, privateKey: '33'.repeat(32) }
}
const authenticator = 'com.example.authenticate'
const dynamically: AuthOptions = {
  ticket: { type: 'dynamic', authenticator }, wampcra: { type: 'dynamic', authenticator }, 'wamp-scram': { type: 'dynamic', authenticator }, cryptosign: { type: 'dynamic', authenticator }
}

/** An app, everything that it keeps of logins or passes on, and the number of decisions of its authorizer. */
async function build (t: Test, auth: AuthOptions): Promise<{ app: FastifyInstance, url: string, kept: () => Promise<string>, decisions: () => number }> {
  const passedOn: unknown[] = []
  const store = new MemoryStore()
  let decisions = 0
  const app = Fastify({ logger: { level: 'trace', stream: { write: (line: string) => { passedOn.push(line) } } } })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { user: { authorizer: (session) => { passedOn.push(session); decisions++; return { allow: true, cache: true } } } } } },
    auth: { ...auth, cookie: { verify: (record) => { passedOn.push(record); return true } } },
    cookie: { store }
  })
  app.wampAuthenticators.set('mutual', async ({ challenge }) => {
    await challenge({ salt: 'the salt of joe' })
    return { authid: 'joe', role, extra: { theme: 'dark' }, proof: { signature: 'the proof for joe' } }
  })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const session = app.wamp.join('realm1')
  await session.subscribe('wamp.session.on_join', (joined) => { passedOn.push(joined) })
  const proof = { secret: 'the secret of joe', pubkey: key.publicKey, kdf, salt, iterations, 'stored-key': storedKey, 'server-key': serverKey }
  await session.register(authenticator, () => ({ role, ...proof, extra: { theme: 'dark' } }))
  const kept = async (): Promise<string> => {
    const sessions = app.wamp.sessions('realm1').filter(({ authid }) => authid === 'joe')
    const details = await Promise.all(sessions.map(async ({ session: id }) => await session.call('wamp.session.get', [id])))
    return JSON.stringify([passedOn, [...store.entries()], await app.wampCookies!.find(), sessions, details])
  }
  return { app, url: `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, kept, decisions: () => decisions }
}

/** Logs in; returns WELCOME.Details, the cookie, and everything that either side has sent as a proof. */
async function logIn (t: Test, url: string, method: string, headers: Record<string, string> = {}): Promise<{ client: WireClient, details: { authextra?: Record<string, unknown> }, cookie: string, secrets: string[] }> {
  const { authextra, answer } = methods[method]!
  const client = await WireClient.connect(t, url, wireCodecs[0]!, { headers })
  const challenge = await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie', method], authid: 'joe', ...(authextra === undefined ? {} : { authextra }) }])
  if (challenge[0] === 2) return { client, details: challenge[2] as object, cookie: '', secrets: [] }
  const asked = challenge[2] as Record<string, string>
  const { signature, extra = {} } = answer(asked)
  const welcome = await client.ask([5, signature, extra])
  t.equal(welcome[0], 2, method)
  const details = welcome[2] as { authextra?: Record<string, unknown> }
  const proofs = [asked['signature'], signature, details.authextra?.['verifier'], details.authextra?.['signature']].filter((text) => typeof text === 'string')
  return { client, details, cookie: client.setCookie!.split(';')[0]!, secrets: [...proofs, 'the ticket', 'the secret', 'the password', storedKey, serverKey] }
}

t.test('no proof of a login is stored, passed on to the app or to other clients, or sent again', async (t) => {
  for (const [kind, auth] of Object.entries({ statically, dynamically })) {
    for (const method of Object.keys(methods)) {
      const { url, kept, decisions } = await build(t, auth)
      const first = await logIn(t, url, method)
      if (method === 'wamp-scram' || method === 'mutual') t.match(first.details.authextra, method === 'mutual' ? { theme: 'dark', signature: 'the proof for joe' } : { verifier: String }, 'the client receives the proof')
      await first.client.ask([48, 1, {}, 'wamp.session.count'])
      const again = await logIn(t, url, method)
      await again.client.ask([48, 1, {}, 'wamp.session.count'])
      t.equal(decisions(), 1, 'the decision is for the user, not for one login')
      const byCookie = await logIn(t, url, method, { cookie: first.cookie })
      await byCookie.client.ask([48, 1, {}, 'wamp.session.count'])
      const all = `${await kept()}${JSON.stringify(byCookie.details)}`
      for (const secret of [...first.secrets, ...again.secrets]) t.notOk(all.includes(secret), `${method} ${kind}: not ${secret.slice(0, 30)}`)
      if (kind === 'dynamically' || method === 'mutual') t.same(byCookie.details.authextra, { theme: 'dark' }, 'what the authenticator added is kept')
      t.ok(all.includes('"authid":"joe"'))
    }
  }
})
