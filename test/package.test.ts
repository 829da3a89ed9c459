import { execFile, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import type { Test } from 'tap'
import { snippetsOf } from './docs/snippets.ts'
import { HELLO, WireClient, wireCodecs } from './helper/wire-client.ts'
import { diagnose, install, pack, resolutions } from './packed/packed.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../', import.meta.url))
const require = createRequire(import.meta.url)

t.test('a fresh project installs the package, type-checks the README\'s first example, and it works', async (t) => {
  const { folder, tarball, files } = await pack(t)
  t.same(files.filter((path) => !/^(dist\/(plugin|routes)\/|docs\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path)), [], 'nothing that is not for users')

  const [, example = ''] = /```js app.mjs\n(import Fastify[\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? []
  t.match(example, /app\.listen\(\{ port: 8080 \}\)/)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'fresh', type: 'module', private: true }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { module: 'NodeNext', target: 'ES2023', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, types: ['node'], skipLibCheck: false, outDir: 'out' }, files: ['app.ts']
  }))
  await mkdir(join(folder, 'out', 'public'), { recursive: true })
  await writeFile(join(folder, 'app.ts'), `${example.replace("register('com", "register<[number, number]>('com").replace('port: 8080', 'port: 0').replace('logger: true', 'logger: false').replace('await app.listen', "await app.register(wampConsole, { path: '/console', role: 'frontend' })\nawait app.listen")}
import { wampConsole } from 'fastify-wamp'
import { cookieStoreContract } from 'fastify-wamp/testing'
if (cookieStoreContract(() => { throw new Error('not opened') }).length < 5) throw new Error('the contract is missing')
process.stdout.write(JSON.stringify(app.server.address()))
process.stdin.resume().once('end', () => { app.close() })
`)
  await install(folder, tarball, 'fastify@5', '@types/node@20')
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc')
  await t.resolves(run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error: { stdout: string }) => { throw new Error(error.stdout) }), 'its types are whole')
  for (const resolution of Object.keys(resolutions) as (keyof typeof resolutions)[]) t.equal(await diagnose(folder, tsc, resolution), '', `they are with ${resolution}`)
  await callIt(t, folder)
  await writeFile(join(folder, 'wamp.cjs'), snippetsOf(join(root, 'docs/add-wamp.md')).find(({ name }) => name === 'wamp.cjs')!.text)
  await writeFile(join(folder, 'app.cjs'), `
const app = require('fastify')()
app.register(require('./wamp.cjs'))
app.ready().then(async () => {
  console.log(await app.wamp.join('realm1').call('com.example.tasks.count'))
  await app.close()
})
`)
  t.match(await run(process.execPath, [join(folder, 'app.cjs')], { cwd: folder }), { stdout: /^0$/m }, 'it is there for CommonJS')
  const help = await run(process.execPath, [join(folder, 'node_modules/.bin/fastify-wamp'), '--help'], { cwd: folder })
  t.match(help.stdout, /fastify-wamp \[check\] CONFIG/)
})

/** Starts the example, and uses it as its users do: by HTTP, and as joe over WAMP. */
async function callIt (t: Test, folder: string): Promise<void> {
  const app = spawn(process.execPath, [join(folder, 'out/app.js')], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => { app.kill() })
  const [address] = await once(app.stdout, 'data') as [Buffer]
  const { port } = JSON.parse(address.toString()) as { port: number }
  t.same(await (await fetch(`http://localhost:${port}/sum`)).json(), { sum: 5 })
  for (const file of ['wamp-client.js', 'wamp-client.js.map', 'wamp-client-cbor.js', 'wamp-client-msgpack.js']) t.equal((await fetch(`http://localhost:${port}/${file}`)).status, 200, `the client is served: ${file}`)

  const joe = await WireClient.connect(t, `ws://localhost:${port}/ws`, wireCodecs[0]!)
  const [, , { challenge }] = await joe.ask([1, 'realm1', { ...HELLO[2], authmethods: ['cookie', 'wampcra'], authid: 'joe' }]) as [number, string, { challenge: string }]
  const [type] = await joe.ask([5, createHmac('sha256', '123456').update(challenge).digest('base64'), {}])
  t.equal(type, 2)
  t.same(await joe.ask([48, 1, {}, 'com.example.add2', [2, 3]]), [50, 1, {}, [5]])
  const cookie = joe.setCookie!.split(';')[0]!
  for (const file of ['', 'console.js', 'client.js', 'theme.css']) t.equal((await fetch(`http://localhost:${port}/console/${file}`, { headers: { cookie } })).status, 200, `the console has its files: ${file}`)
  joe.socket.close()
  app.stdin.end()
  t.same(await once(app, 'exit'), [0, null])
}
