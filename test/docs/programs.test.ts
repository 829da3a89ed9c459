import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { run, snippetsOf, start, writeFiles } from './snippets.ts'

t.test('every program in the docs has a name, and a test that runs its page', (t) => {
  const tests = readdirSync('test/docs').filter((name) => name.endsWith('.test.ts')).map((name) => readFileSync(join('test/docs', name), 'utf8')).join('')
  const pages = ['README.md', ...readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
  for (const page of pages) {
    const programs = snippetsOf(page).filter(({ language }) => language === 'ts' || language === 'js')
    t.same(programs.filter(({ name }) => name === undefined), [], page)
    if (programs.length > 0) t.ok(tests.includes(`'${page}'`), `${page} is run`)
  }
  t.end()
})

t.test('the page on sessions in process runs as it stands', async (t) => {
  const folder = writeFiles(t, 'docs/in-process.md', {
    'main.ts': `
import { app, guest } from './app.ts'
for (const name of ['procedures', 'calls', 'results', 'events', 'rest']) await import(\`./\${name}.ts\`)
console.log(await guest.call('com.example.add2', [1, 1]))
app.post('/login', async (_request, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role: 'frontend' }))
const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login' })
console.log((await app.inject({ url: '/sum', cookies: { cbtid: String(cookie?.value) } })).body)
await app.close()
`
  })
  const steps = [1, 2, 3].map((month) => `{ month: ${month}, done: '2026-${month}' }`)
  t.same((await run(folder, 'main.ts')).trim().split('\n'), ['5', ...steps, "{ url: '/reports/2026.pdf' }", '1', '2', 'Hello', 'Again', '2', '5'])
})

t.test('the programs of the page on options run as they stand', async (t) => {
  const folder = writeFiles(t, 'docs/options.md', { 'main.ts': "import './endpoints.ts'\nimport { auth } from './scram.ts'\nconsole.log(auth['wamp-scram'].principals.joe.kdf)\n" })
  t.equal(await run(folder, 'main.ts'), 'argon2id13\n')
})

t.test('the serializer of the page on options connects the client of this package', async (t) => {
  const folder = writeFiles(t, 'docs/options.md', {
    'main.ts': `
import { WebSocket } from 'ws'
import { app } from './deflate.ts'
import { connectDeflated } from './deflate-client.ts'
globalThis.WebSocket ??= WebSocket
await app.wamp.join('realm1').register('com.example.echo', ({ args: [value] }) => value)
const session = await connectDeflated((await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws') + '/ws')
console.log(await session.call('com.example.echo', [{ text: 'Grüße', octets: new Uint8Array([1]) }]))
await session.leave()
await app.close()
`
  })
  t.equal(await run(folder, 'main.ts'), "{ text: 'Grüße', octets: Uint8Array(1) [ 1 ] }\n")
})

t.test('the hooks of the page on other plugins leave requests of socket.io to it, and end its connections when the app closes', async (t) => {
  const folder = writeFiles(t, 'docs/neighbours.md', {
    'main.ts': `
import Fastify from 'fastify'
import { makeRoomForSocketIo } from './socket-io.ts'
const app = Fastify()
makeRoomForSocketIo(app, { engine: { close: () => { console.log('disconnected') } } })
app.get('/other', async () => 'answered')
app.addHook('onRequest', async ({ url }, reply) => { console.log(url, reply.sent) })
console.log((await app.inject('/other')).body)
app.inject('/socket.io/').catch(() => {})
await new Promise((resolve) => { setImmediate(resolve) })
await app.close()
`
  })
  t.same((await run(folder, 'main.ts')).trim().split('\n'), ['/other false', 'answered', 'disconnected'])
})

t.test('the program of the page on Crossbar.io serves a configuration', async (t) => {
  const port = await new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => { resolve(port) })
    })
  })
  const config = {
    version: 2,
    workers: [{
      type: 'router',
      realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions: [{ uri: '', match: 'prefix', allow: { call: true } }] }] }],
      transports: [{ type: 'web', endpoint: { type: 'tcp', port, interface: '127.0.0.1' }, paths: { '/': { type: 'static', directory: '..' }, ws: { type: 'websocket' } } }]
    }]
  }
  const folder = writeFiles(t, 'docs/crossbar.md', { '.crossbar': { 'config.json': JSON.stringify(config) }, 'hello.txt': 'hello', 'main.ts': "import './crossbar.ts'" })
  const { url: first, line } = await start(t, folder)
  for (let printed = first; !printed.includes('Server listening');) printed = await line()
  t.equal(await (await fetch(`http://127.0.0.1:${port}/hello.txt`)).text(), 'hello')
})

t.test('the page of the README logs in, calls the procedure of its app, and shows events', async (t) => {
  const [app, html, page] = snippetsOf('README.md').filter(({ name }) => name !== undefined).map(({ text }) => text) as [string, string, string]
  const first = 'console.log(await app.listen({ port: 0, host: "127.0.0.1" }))'
  const { url } = await start(t, t.testdir({ 'main.ts': `// @ts-nocheck\n${app.replace('logger: true', 'logger: false').replace('await app.listen({ port: 8080 })', first)}`, public: { 'index.html': html, 'page.js': page } }))
  const text = async (path: string): Promise<string> => await (await fetch(`${url}${path}`)).text()
  t.match(await text('/'), '<script type="module" src="page.js">')
  t.equal(await text('/page.js'), page)
  t.match(await text('/wamp-client.js'), /export\{.*\bconnect\b/, 'what the page imports is there')
  t.equal(await text('/sum'), '{"sum":5}')
  const here = page.replace('/wamp-client.js', 'fastify-wamp/client').replace("connect('/ws', {", `connect('${url}/ws', { WebSocket,`)
  const client = t.testdir({
    'main.ts': `
import { WebSocket } from 'ws'
const button = { onclick: async (): Promise<unknown> => {} }
const shown: string[] = []
Object.assign(globalThis, { document: { querySelector: (name: string) => name === 'button' ? button : { append: (text: string) => { shown.push(text) } } } })
await import('./page.ts')
await button.onclick()
while (shown.length < 3) await new Promise((resolve) => { setImmediate(resolve) })
process.stdout.write(shown.join(''))
process.exit()
`,
    'page.ts': `// @ts-nocheck\nimport { WebSocket } from 'ws'\n${here}`
  })
  t.equal(await run(client, 'main.ts'), 'wampcra static\n5\nhello\n')
})

t.test('the page on HTTP reads events as a browser gives them', async (t) => {
  const folder = writeFiles(t, 'docs/http-bridge.md', {
    'main.ts': `
class EventSource { onmessage = (_event: { data: string }): void => {} }
const made: EventSource[] = []
Object.assign(globalThis, { EventSource: class extends EventSource { constructor () { super(); made.push(this) } } })
await import('./page.js' as string)
made[0]!.onmessage({ data: '{"topic":"com.example.news","args":[1],"kwargs":{}}' })
`
  })
  t.equal(await run(folder, 'main.ts'), 'com.example.news [ 1 ] {}\n')
})

t.test('the page on the console mounts it, for users with the role', async (t) => {
  const folder = writeFiles(t, 'docs/console.md', {
    'main.ts': `
import { app } from './app.ts'
app.post<{ Querystring: { role: string } }>('/login', async ({ query: { role } }, reply) => await reply.wampSignIn('realm1', { authid: 'joe', role }))
const open = async (role: string): Promise<number> => {
  const { cookies: [cookie] } = await app.inject({ method: 'POST', url: '/login', query: { role } })
  return (await app.inject({ url: '/console/', cookies: { cbtid: String(cookie?.value) } })).statusCode
}
console.log(await open('admin'), await open('watcher'))
await app.close()
`
  })
  t.equal(await run(folder, 'main.ts'), '200 403\n')
})

t.test('the recipes reach one user, members of a room, those who are online, and callers who wait', async (t) => {
  const folder = writeFiles(t, 'docs/recipes.md', {
    'main.ts': `
import { connect, wampcra } from 'fastify-wamp/client'
import { WebSocket } from 'ws'
import { app } from './app.ts'
import { notify } from './one-user.ts'
import { remove } from './rooms.ts'
for (const name of ['presence', 'progress', 'job']) await import(\`./\${name}.ts\`)
const url = (await app.listen({ port: 0, host: '127.0.0.1' })).replace('http', 'ws') + '/ws'
const errors: unknown[] = []
const join = (authid: string) => connect(url, { realm: 'realm1', WebSocket, login: wampcra({ authid, secret: '123456' }), retry: { first: 1 }, onError: (error) => { errors.push(error) } })
const [joe, ann] = [await join('joe'), await join('ann')]
for (const client of [joe, ann]) {
  const { authid } = client.principal!
  await client.subscribe('com.example.inbox', ({ args: [text] }) => { console.log(authid, text) })
  await client.subscribe('com.example.room.garden', ({ args: [text], details }) => { console.log(authid, 'hears', details['publisher_authid'], text) })
}
await notify('ann', 'only for ann')
await joe.publish('com.example.room.garden', ['hello'], {}, { disclose_me: true })
const fence = async () => { for (const client of [joe, ann]) await client.call('com.example.import', [[]]) }
await fence()
for (const options of [{ match: 'prefix' as const }, {}]) {
  console.log(await joe.subscribe(options.match === 'prefix' ? 'com.example.' : 'com.example.room.cellar', () => {}, options).catch(({ error }) => error))
}
for await (const { args: [users] } of joe.events('com.example.online', { get_retained: true })) { console.log(users); break }
console.log(await joe.call('com.example.import', [['a', 'b']], {}, { onProgress: (share) => { console.log(share) } }))
const job = await joe.call('com.example.render', [3])
for await (const { args } of joe.events('com.example.render.' + job, { get_retained: true })) if (args[0] === 3) { console.log(args); break }
const back = new Promise<void>((resolve) => { const stop = ann.onState((state) => { if (state === 'open') { stop(); resolve() } }) })
remove('garden', 'ann')
await back
await fence()
console.log(errors.map((error) => String(error)))
await joe.publish('com.example.room.garden', ['ann is gone'], {}, { exclude_me: false, disclose_me: true })
await fence()
await Promise.all([joe.leave(), ann.leave()])
await app.close()
`
  })
  t.same((await run(folder, 'main.ts')).trim().split('\n').map((line) => line.trim()), [
    'ann only for ann',
    'ann hears joe hello',
    ...Array.from({ length: 2 }, () => 'wamp.error.not_authorized'),
    "[ 'ann', 'joe' ]",
    '0', '0.5', '2',
    '[ 3, 3 ]',
    '[', '\'WampError: wamp.error.not_authorized: the role "user" may not subscribe to "com.example.room.garden"\'', ']',
    'joe hears joe ann is gone'
  ])
})
