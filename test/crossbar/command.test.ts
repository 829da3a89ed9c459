import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocket } from 'ws'
import { freePort } from '../helper/free-port.ts'
import { node, variable, web } from './sample.ts'

const command = fileURLToPath(new URL('../../plugin/crossbar/command.ts', import.meta.url))

interface Run { readonly child: ChildProcess, readonly lines: AsyncIterator<string>, readonly ended: Promise<{ code: number | null, out: string, err: string }> }

/** Runs the command, with the loader of this very test. */
function run (t: Test, args: readonly string[], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [...process.execArgv, command, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => { child.kill('SIGKILL') })
  const text = { out: '', err: '' }
  child.stdout.on('data', (chunk: Buffer) => { text.out += String(chunk) })
  child.stderr.on('data', (chunk: Buffer) => { text.err += String(chunk) })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, lines, ended: once(child, 'close').then(([code]: (number | null)[]) => ({ code: code ?? null, ...text })) }
}

/** The URL that a running command says it listens on. */
async function listening ({ lines, ended }: Run): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) throw new Error((await ended).err)
    const [, url] = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(value) ?? []
    if (url !== undefined) return url
  }
}

interface Client { readonly socket: WebSocket, readonly setCookie: string | undefined, ask (message: unknown): Promise<unknown[]> }

async function connect (t: Test, url: string, cookie?: string): Promise<Client> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'wamp.2.json', cookie === undefined ? {} : { headers: { cookie } })
  t.teardown(() => { socket.terminate() })
  const [[response]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])
  return {
    socket,
    setCookie: (response as { headers: { 'set-cookie'?: string[] } }).headers['set-cookie']?.[0],
    ask: async (message) => {
      const answer = once(socket, 'message')
      socket.send(JSON.stringify(message))
      return JSON.parse(String((await answer)[0])) as unknown[]
    }
  }
}

const hello = (details: object): unknown[] => [1, 'realm1', { roles: { caller: {} }, ...details }]

const login = {
  type: 'websocket',
  cookie: { store: { type: 'file', filename: 'cookies.dat' } },
  auth: { wampcra: { type: 'static', users: { joe: { role: 'frontend', secret: variable('MYSECRET') } } }, cookie: {} }
}

t.test('the command serves a configuration: files, logins, persistent cookies, and further paths [CKI-09, CKI-11, CRA-05]', async (t) => {
  const config = node({
    transports: [web({ '/': { type: 'static', directory: '../web' }, ws: login, open: { type: 'websocket' }, info: { type: 'nodeinfo' } })]
  })
  const root = t.testdir({ '.crossbar': { 'config.json': JSON.stringify(config) }, web: { 'index.html': '<p>hello</p>' } })
  const args = [root, '--host', '127.0.0.1', '--port', '0']
  const first = run(t, args, { MYSECRET: '123456' })
  const url = await listening(first)
  t.equal(await (await fetch(url)).text(), '<p>hello</p>')

  const joe = await connect(t, `${url}/ws`)
  const [, , { challenge }] = await joe.ask(hello({ authmethods: ['wampcra'], authid: 'joe' })) as [number, string, { challenge: string }]
  const signature = createHmac('sha256', '123456').update(challenge).digest('base64')
  t.match(await joe.ask([5, signature, {}]), [2, Number, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra' }])
  const anyone = await connect(t, `${url}/open`)
  t.match(await anyone.ask(hello({})), [2, Number, { authrole: 'anonymous' }])

  const closed = once(anyone.socket, 'close')
  first.child.kill('SIGTERM')
  const [status, reason] = await closed as [number, Buffer]
  t.same([status, String(reason)], [1001, 'wamp.close.system_shutdown'])
  const { code, err } = await first.ended
  t.equal(code, 0)
  t.equal(err, 'fastify-wamp: warning: workers[0].transports[0].paths.info is not supported\n')
  t.match(await readFile(join(root, '.crossbar', 'cookies.dat'), 'utf8'), 'joe')

  const second = run(t, args, { MYSECRET: '123456' })
  const again = await connect(t, `${await listening(second)}/ws`, joe.setCookie?.split(';')[0])
  t.match(await again.ask(hello({ authmethods: ['cookie'] })), [2, Number, { authid: 'joe', authrole: 'frontend', authprovider: 'cookie' }])
  second.child.kill('SIGINT')
  again.socket.close()
  t.equal((await second.ended).code, 0)
})

t.test('the command serves several ports, and closes them all', async (t) => {
  const free = await Promise.all([freePort(), freePort()])
  const [first, second] = free.map((port) => ({ type: 'tcp', interface: '127.0.0.1', port }))
  const config = node({ transports: [web({ ws: { type: 'websocket' } }, { endpoint: first }), web({ '/': { type: 'static', directory: 'web' }, ws: { type: 'websocket' } }, { endpoint: second })] })
  const root = t.testdir({ 'config.json': JSON.stringify(config), web: { 'index.html': '<p>second</p>' } })
  const command = run(t, [root])
  const urls = [await listening(command), await listening(command)]
  t.same(urls.map((url) => Number(new URL(url).port)), free)
  t.equal(await (await fetch(urls[1]!)).text(), '<p>second</p>')
  const clients = await Promise.all(urls.map(async (url) => await connect(t, `${url}/ws`)))
  for (const client of clients) t.match(await client.ask(hello({})), [2])
  const closed = clients.map(async ({ socket }) => await once(socket, 'close'))
  command.child.kill('SIGTERM')
  t.match(await Promise.all(closed), [[1001], [1001]])
  t.equal((await command.ended).code, 0)
  const { code, err } = await run(t, [root, '--port', '0']).ended
  t.same([code, err], [2, 'fastify-wamp: --host and --port cannot be used with a configuration of several ports\n'])
})

t.test('check tells what a configuration would serve, or what is wrong with it', async (t) => {
  const secure = { type: 'tcp', port: 8443, version: 6 }
  const config = node({
    transports: [
      web({ '/': { type: 'static', directory: '../web' }, ws: login, call: { type: 'caller', realm: 'realm1', role: 'frontend' }, info: { type: 'nodeinfo' } }),
      web({ open: { type: 'websocket' }, publish: { type: 'publisher', realm: 'realm1', role: 'frontend' } }, { endpoint: secure })
    ]
  })
  const root = t.testdir({ '.crossbar': { 'config.json': JSON.stringify(config) }, web: {}, 'wrong.json': JSON.stringify(node({ realms: 1 })) })
  const { code, out, err } = await run(t, ['check', root], { MYSECRET: 'do-not-tell' }).ended
  t.same([code, err], [0, ''])
  t.equal(out, `realms: realm1
ws://0.0.0.0:8080/ws  WebSocket, logins by wampcra, cookie, cookie cbtid
http://0.0.0.0:8080/call  calls by POST as frontend of realm1
http://0.0.0.0:8080/  files of ${join(root, 'web')}
ws://[::]:8443/open  WebSocket, logins by anonymous
http://[::]:8443/publish  publications by POST as frontend of realm1
warning: workers[0].transports[0].paths.info is not supported
`)
  t.match(await run(t, ['check', join(root, 'wrong.json')]).ended, { code: 2, out: '', err: 'fastify-wamp: The configuration\'s "workers[0].realms" must be a list\n' })
})

t.test('a configuration that is wrong ends the command with one line that names the path, and code 2', async (t) => {
  const config = node({ transports: [web({ ws: { type: 'websocket', auth: { kerberos: {} } } })] })
  const { code, out, err } = await run(t, [join(t.testdir({ 'node.json': JSON.stringify(config) }), 'node.json')]).ended
  t.same({ code, out }, { code: 2, out: '' })
  t.equal(err, 'fastify-wamp: The configuration\'s "workers[0].transports[0].paths.ws.auth.kerberos" is not supported: the methods are anonymous, ticket, wampcra, cryptosign, tls, cookie\n')
})

t.test('a command line that is wrong ends the command with one line and code 2, and --version is told', async (t) => {
  const [wrong, version] = await Promise.all([run(t, ['--unknown']).ended, run(t, ['--version']).ended])
  t.match(wrong, { code: 2, out: '', err: /^fastify-wamp: [^\n]*--unknown[^\n]*\n$/ })
  t.match(version, { code: 0, err: '', out: /^\d+\.\d+\.\d+\n$/ })
})

t.test('a port that is taken ends the command with one line and code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { code, err } = await run(t, [t.testdir({ 'config.json': JSON.stringify(node()) }), '--host=127.0.0.1', `--port=${port}`]).ended
  t.equal(code, 1)
  t.match(err, /^fastify-wamp: [^\n]*EADDRINUSE[^\n]*\n$/)
})
