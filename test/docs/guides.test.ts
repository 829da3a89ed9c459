import { readFileSync } from 'node:fs'
import autobahn from 'autobahn'
import type { Session, Welcome } from 'autobahn'
import t from 'tap'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { run, snippetsOf, start, writeFiles } from './snippets.ts'

// AutobahnJS sends headers only where there is no global WebSocket.
Reflect.deleteProperty(globalThis, 'WebSocket')
const json = { 'content-type': 'application/json' }

/** Logs in, and resolves to the cookie. */
async function logIn (url: string, body: object): Promise<string> {
  const response = await fetch(`${url}/login`, { method: 'POST', headers: json, body: JSON.stringify(body) })
  return response.headers.getSetCookie()[0]!.split(';')[0]!
}

interface Open { session: Session & { onleave?: (reason: string) => void }, details: Welcome, close (): void }

/** Opens a session of AutobahnJS, as a browser with this cookie would. Rejects with the reason if it is refused. */
async function open (url: string, { cookie = '', authmethods, authid, answer = '' }: { cookie?: string, authmethods: string[], authid?: string, answer?: string | (() => string) }): Promise<Open> {
  const connection = new autobahn.Connection({
    transports: [{ type: 'websocket', url: `${url.replace('http', 'ws')}/ws`, headers: { cookie } }],
    realm: 'realm1',
    authmethods,
    ...(authid === undefined ? {} : { authid }),
    max_retries: 0,
    onchallenge: () => typeof answer === 'string' ? answer : answer()
  } as unknown as ConstructorParameters<typeof autobahn.Connection>[0])
  return await new Promise((resolve, reject) => {
    connection.onopen = (session, details) => { resolve({ session, details, close: () => { connection.close() } }) }
    connection.onclose = (_reason, details) => { reject(new Error(String((details as { reason?: unknown }).reason))); return true }
    connection.open()
  })
}

t.test('a live feed and a procedure are added to a REST API in under 30 lines', async (t) => {
  const page = 'docs/add-wamp.md'
  const added = snippetsOf(page).filter(({ name }) => name === 'wamp.ts' || name === 'page.js').flatMap(({ text }) => text.split('\n').filter((line) => line.trim() !== ''))
  t.ok(added.length < 30, `${added.length} lines`)
  const { url } = await start(t, writeFiles(t, page, {
    'main.ts': `
import { app } from './app.ts'
import './wamp.ts'
import './logout.ts'
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  await t.rejects(open(url, { authmethods: ['anonymous'] }), { message: 'wamp.error.authentication_required' })
  const cookie = await logIn(url, { user: 'joe' })
  const { session } = await open(url, { cookie, authmethods: ['anonymous'] })
  const seen: unknown[] = []
  await session.subscribe('com.example.tasks.added', ([task]) => { seen.push(task) })
  await fetch(`${url}/tasks`, { method: 'POST', headers: { ...json, cookie }, body: '{"title":"by REST"}' })
  t.match(await session.call('com.example.tasks.add', ['by WAMP']), { id: 2, title: 'by WAMP', by: 'joe' })
  await session.call('wamp.session.count').catch(() => {})
  t.match(seen, [{ title: 'by REST' }, { title: 'by WAMP' }])
  const closed = new Promise((resolve) => { session.onleave = (reason) => { resolve(reason) } })
  await fetch(`${url}/logout`, { method: 'POST', headers: { cookie } })
  t.equal(await closed, 'wamp.close.logout')
})

t.test('a connection that was opened before the user logged out cannot log in afterwards', async (t) => {
  const { url } = await start(t, writeFiles(t, 'docs/add-wamp.md', {
    'main.ts': `
import { app } from './app.ts'
import './wamp.ts'
import './logout.ts'
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  const hello = [1, 'realm1', { roles: { caller: {} } }]
  const cookie = await logIn(url, { user: 'joe' })
  const connect = (): Promise<WireClient> => WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, wireCodecs[0]!, { headers: { cookie } })
  const [early, left] = [await connect(), await connect()]
  t.match(await left.ask(hello), [2])
  t.match(await left.ask([6, {}, 'wamp.close.normal']), [6])
  await fetch(`${url}/logout`, { method: 'POST', headers: { cookie } })
  for (const client of [early, left]) t.match(await client.ask(hello), [3, {}, 'wamp.error.authentication_required'])
})

t.test('a WAMP session goes on while requests prolong the session of the app, and ends with it', async (t) => {
  const page = 'docs/add-wamp.md'
  const [app, wamp] = ['app.ts', 'wamp.ts'].map((name) => snippetsOf(page).find((snippet) => snippet.name === name)!.text)
  const authenticator = snippetsOf(page).find(({ name, text }) => name === undefined && text.includes('authenticator'))!.text
  const { url } = await start(t, writeFiles(t, page, {
    'app.ts': app!.replace("secure: 'auto'", "secure: 'auto', maxAge: 3_600_000"),
    'wamp.ts': `import { follow } from './follow.ts'\n${wamp!.replace(/^ +authenticator: [^]*?^ {6}}\n/m, () => authenticator)}`,
    'main.ts': `
import { mock } from 'node:test'
mock.timers.enable({ apis: ['Date'], now: Date.now() })
const checks: (() => void)[] = []
const { setInterval: original } = globalThis
globalThis.setInterval = ((callback: () => void, ms: number) => {
  if (ms !== 60_000) return original(callback, ms)
  checks.push(callback)
  return original(() => {}, 2 ** 31 - 1)
}) as typeof setInterval
const { app } = await import('./app.ts')
await import('./wamp.ts')
app.post('/later', async () => {
  mock.timers.tick(40 * 60_000)
  for (const check of checks) check()
  return checks.length
})
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  const later = async (): Promise<void> => { t.equal(await (await fetch(`${url}/later`, { method: 'POST' })).text(), '1') }
  const cookie = await logIn(url, { user: 'joe' })
  const { session } = await open(url, { cookie, authmethods: ['anonymous'] })
  const closed = new Promise((resolve) => { session.onleave = (reason) => { resolve(reason) } })
  const addByRest = async (): Promise<number> => (await fetch(`${url}/tasks`, { method: 'POST', headers: { ...json, cookie }, body: '{"title":"by REST"}' })).status
  for (const id of [1, 3]) {
    t.equal(await addByRest(), 200)
    await later()
    t.match(await session.call('com.example.tasks.add', ['by WAMP']), { id: id + 1 }, 'also after more than an hour')
  }
  await later()
  t.equal(await closed, 'wamp.close.logout')
  t.equal(await addByRest(), 401)
})

t.test('clients in Node.js that send a cookie run as they stand', async (t) => {
  const folder = writeFiles(t, 'docs/add-wamp.md', {
    'main.ts': `
import { app } from './app.ts'
import './wamp.ts'
import { join } from './client.js'
import { join as joinByWampy } from './wampy.js'
const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login', payload: { user: 'joe' } })
const url = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws')
const header = \`\${cookie.name}=\${cookie.value}\`
const session = await join(url + '/ws', header)
console.log(session.principal.authid)
await session.leave()
const client = joinByWampy(url + '/ws', header)
console.log((await client.connect()).authid)
await client.disconnect()
await app.close()
`
  })
  t.match((await run(folder, 'main.ts')).trim().split('\n').slice(0, 2), ['joe', 'joe'])
})

t.test('a login by REST is one over WebSocket, and a user sees its devices', async (t) => {
  const { url } = await start(t, writeFiles(t, 'docs/log-in-once.md', {
    'main.ts': `
import { app } from './rest.ts'
import './devices.ts'
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  const cookie = await logIn(url, { user: 'joe', password: '123456' })
  t.match(await (await fetch(`${url}/me`, { headers: { cookie } })).json(), { authid: 'joe', authmethod: 'password' })
  const { session, details } = await open(url, { cookie, authmethods: ['cookie'] })
  t.match(details, { authid: 'joe', authprovider: 'cookie' })
  const [device] = await (await fetch(`${url}/devices`, { headers: { cookie } })).json() as [{ id: string }]
  t.match(device, { own: true, connected: 1 })
  const closed = new Promise((resolve) => { session.onleave = (reason) => { resolve(reason) } })
  t.equal((await fetch(`${url}/devices/nobody`, { method: 'DELETE', headers: { cookie } })).status, 404)
  t.equal((await fetch(`${url}/devices/${device.id}`, { method: 'DELETE', headers: { cookie } })).status, 204)
  t.equal(await closed, 'wamp.close.logout')
  t.equal((await fetch(`${url}/me`, { headers: { cookie } })).status, 401)
})

t.test('a login over WAMP is one for REST', async (t) => {
  const { url } = await start(t, writeFiles(t, 'docs/log-in-once.md', {
    'main.ts': `
import { app } from './wamp.ts'
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  const client = await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, wireCodecs[0]!)
  const headers = { cookie: client.setCookie!.split(';')[0]! }
  t.equal((await fetch(`${url}/me`, { headers })).status, 401)
  const [, , { challenge }] = await client.ask([1, 'realm1', { roles: { caller: {} }, authmethods: ['cookie', 'wampcra'], authid: 'joe' }]) as [number, string, { challenge: string }]
  t.match(await client.ask([5, autobahn.auth_cra.sign('123456', challenge), {}]), [2, Number, { authid: 'joe', authprovider: 'static' }])
  t.match(await (await fetch(`${url}/me`, { headers })).json(), { authid: 'joe', authmethod: 'wampcra', authprovider: 'cookie' })
})

t.test('the store of the page on stores passes the contract, and keeps logins', async (t) => {
  const folder = writeFiles(t, 'docs/write-a-store.md', {
    'main.ts': `
import { app } from './app.ts'
await app.ready()
await app.close()
`
  })
  t.match(await run(folder, 'folder-store.test.ts', ['--test']), /pass 5\n[^]*fail 0/)
  await run(folder, 'main.ts')
})

t.test('the authenticators of the page on authenticators let in whom they should', async (t) => {
  const { url, line } = await start(t, writeFiles(t, 'docs/write-an-authenticator.md', {
    'main.ts': `
import { app } from './ticket.ts'
import { sent } from './code.ts'
app.get('/sent', async () => sent)
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
const push = sent.push.bind(sent)
sent.push = (code: string) => { console.log(code); return push(code) }
`
  }))
  t.match((await open(url, { authmethods: ['ticket'], authid: 'joe', answer: 't-1' })).details, { authid: 'joe', authrole: 'frontend', authprovider: 'function' })
  await t.rejects(open(url, { authmethods: ['ticket'], authid: 'joe', answer: 't-2' }), { message: 'wamp.error.authentication_denied' })
  await t.rejects(open(url, { authmethods: ['code'], authid: 'ann', answer: 'none' }), { message: 'wamp.error.authentication_denied' })
  t.match(await line(), /^\d{6}$/)
  t.match(readFileSync('docs/write-an-authenticator.md', 'utf8'), 'authorizer.ts')
})

t.test('and its authorizer allows what it should', async (t) => {
  t.equal(await run(writeFiles(t, 'docs/write-an-authenticator.md', {
    'main.ts': `
import { app } from './authorizer.ts'
const client = await app.injectWamp({ realm: 'realm1', role: 'anonymous' })
await app.wamp.join('realm1').register('com.example.public.a', () => 'allowed')
await app.wamp.join('realm1').register('com.example.b', () => 'allowed')
console.log(await client.call('com.example.public.a'), await client.call('com.example.b').catch(({ error }) => error))
await app.close()
`
  }), 'main.ts'), 'allowed wamp.error.not_authorized\n')
})
