import { createHmac, X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import wampPlugin, { scramCredentials, WampError } from 'fastify-wamp'
import { everything } from './helper/build-router.ts'
import { Authority } from './helper/certificates.ts'
import { ClientKey } from './helper/cryptosign.ts'
import { answerScram } from './helper/scram-client.ts'
import type { ScramChallenge } from './helper/scram-client.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'
import { needsOpenssl } from './interop/programs.ts'

const [json] = wireCodecs
const key = new ClientKey('11'.repeat(32))
const nonce = 'egVDf3DMJh0='
type Line = Readonly<Record<string, unknown>>

/** The ways of coming in: what HELLO says, what answers the CHALLENGE, and what the router has of it. */
const methods: Readonly<Record<string, { readonly extra?: object, readonly answer?: (challenge: Record<string, string>) => { readonly signature: string, readonly extra?: object } }>> = {
  anonymous: {},
  ticket: { answer: () => ({ signature: 'the ticket of joe' }) },
  wampcra: { answer: ({ challenge }) => ({ signature: createHmac('sha256', 'the secret of joe').update(challenge!).digest('base64') }) },
  'wamp-scram': { extra: { nonce }, answer: (challenge) => answerScram(challenge as unknown as ScramChallenge, { authid: 'joe', password: 'the password of joe', nonce }) },
  cryptosign: { extra: { pubkey: key.publicKey }, answer: ({ challenge }) => ({ signature: key.answer(challenge!) }) },
  function: { extra: { token: 'the token of joe' }, answer: () => ({ signature: 'the proof of joe' }) }
}
const credentials = await scramCredentials('the password of joe', { kdf: 'pbkdf2', iterations: 100 })
const role = 'user'

/** An app that logs everything, and what it logs. */
async function build (t: Test, https: { cert: string, key: string, ca: string } | null = null, fingerprint = ''): Promise<{ url: string, lines: Line[], close: () => Promise<void> }> {
  const lines: Line[] = []
  const logger = { level: 'trace', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Line) } } }
  const app = Fastify({ logger, https: https === null ? null : { ...https, requestCert: true } })
  await app.register(wampPlugin, {
    realms: { realm1: { roles: { user: everything } } },
    auth: {
      anonymous: { type: 'static', role },
      ticket: { type: 'static', principals: { joe: { ticket: 'the ticket of joe', role } } },
      wampcra: { type: 'static', users: { joe: { secret: 'the secret of joe', role } } },
      'wamp-scram': { type: 'static', principals: { joe: { ...credentials, role } } },
      cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [key.publicKey], role } } },
      tls: { type: 'static', principals: fingerprint === '' ? {} : { joe: { certificateSha1: fingerprint, role } } },
      cookie: {}
    },
    cookie: {}
  })
  app.wampAuthenticators.set('function', async ({ authextra, challenge }) => {
    const { signature } = await challenge({ salt: 'the salt of joe' })
    if (authextra['token'] !== 'the token of joe' || signature !== 'the proof of joe') throw new WampError('com.example.denied')
    return { authid: 'joe', role, extra: { key: 'the key of joe' } }
  })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { url: `${https === null ? 'ws' : 'wss'}://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`, lines, close: () => app.close() }
}

/** Comes in, breaks a rule, and is gone; returns all that was said by either side. */
async function comeIn (t: Test, url: string, method: string, { headers = {}, right = true, tls = {} }: { headers?: Record<string, string>, right?: boolean, tls?: object } = {}): Promise<{ said: unknown[], cookie: string | undefined }> {
  const { extra, answer } = methods[method] ?? {}
  const client = await WireClient.connect(t, url, json!, { headers, tls })
  const hello = [1, 'realm1', { ...HELLO[2], authmethods: [method], authid: 'joe', ...(extra === undefined ? {} : { authextra: extra }) }]
  const said: unknown[] = [hello, await client.ask(hello)]
  if (answer !== undefined) {
    const { signature, extra = {} } = answer((said[1] as [number, string, Record<string, string>])[2])
    const authenticate = [5, right ? signature : signature.split('').reverse().join(''), extra]
    said.push(authenticate, await client.ask(authenticate))
  }
  t.equal((said.at(-1) as unknown[])[0], right ? 2 : 3, `${method} ${right ? 'is let in' : 'is refused'}`)
  if (right) client.send([48, 'this is no id', {}, 'p'])
  await client.closed
  return { said, cookie: client.setCookie?.split(';')[0] }
}

/** What is secret of a login: what the router keeps, and all that was sent to prove it. */
function secretsOf (said: readonly unknown[]): string[] {
  const strings: string[] = []
  JSON.stringify(said.filter((message) => [4, 5].includes((message as unknown[])[0] as number)), (_, value: unknown) => {
    if (typeof value === 'string' && value.length > 12) strings.push(value)
    return value
  })
  return [...strings, 'the ticket', 'the secret', 'the password', 'the token', 'the proof', 'the key', 'the salt', credentials.storedKey, credentials.serverKey, nonce, key.publicKey]
}

/** Each line that is about a session says whose it is, and none has a secret. */
function look (t: Test, lines: readonly Line[], secrets: readonly string[]): void {
  const text = JSON.stringify(lines).replaceAll('\\', '')
  for (const secret of secrets) t.notOk(text.includes(secret.replaceAll('\\', '')), `not ${secret.slice(0, 30)}`)
  const known = lines.filter(({ session }) => session !== undefined)
  for (const line of known) t.match(line, { session: Number, realm: 'realm1', authid: String }, String(line['msg']))
  for (const line of known) t.equal(JSON.stringify(line).split('"authid"').length, 2)
}

for (const method of Object.keys(methods)) {
  t.test(`every line about a session that comes in by ${method} says whose it is, and none has a secret`, async (t) => {
    const { url, lines, close } = await build(t)
    const { said, cookie } = await comeIn(t, url, method)
    const value = cookie!.split('=')[1]!
    await comeIn(t, url, method, { headers: { cookie: cookie! } })
    const wrong = method === 'anonymous' ? [] : (await comeIn(t, url, method, { right: false })).said
    if (method !== 'anonymous') await comeIn(t, url, 'cookie', { headers: { cookie: cookie! } })
    await close()
    look(t, lines, [value, ...secretsOf(said), ...secretsOf(wrong)])
    const messages = lines.filter(({ session }) => session !== undefined).map(({ msg }) => msg)
    for (const message of ['session joined', 'protocol violation', 'session aborted', 'session left', ...(method === 'anonymous' ? [] : ['a login failed'])]) t.ok(messages.includes(message), message)
  })
}

t.test('no line contains the certificate that logs a client in', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const own = await authority.sign('router')
  const joe = await authority.sign('joe')
  const { url, lines, close } = await build(t, { ...own, ca: authority.cert }, new X509Certificate(joe.cert).fingerprint)
  const { said } = await comeIn(t, url, 'tls', { tls: { ca: authority.cert, ...joe } })
  await close()
  look(t, lines, [...secretsOf(said), joe.cert.split('\n')[1]!, joe.key.split('\n')[1]!, own.key.split('\n')[1]!])
})

t.test('lines about a session of the app identify the session', async (t) => {
  const lines: Line[] = []
  const app = Fastify({ logger: { level: 'trace', stream: { write: (line: string) => { lines.push(JSON.parse(line) as Line) } } } })
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: {} } } } })
  const session = app.wamp.join('realm1', { authid: 'backend' })
  await session.register('com.example.fails', () => { throw new Error('a bug') })
  await t.rejects(session.call('com.example.fails'))
  await app.close()
  for (const msg of ['session joined', 'a procedure failed', 'session left']) t.match(lines.find((line) => line['msg'] === msg), { session: session.id, realm: 'realm1', authid: 'backend' })
})
