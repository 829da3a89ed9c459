import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../', import.meta.url))
const require = createRequire(import.meta.url)

t.test('a fresh project installs the package, type-checks the README\'s first example, and it works', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'fastify-wamp-package-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root })
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string, files: { path: string }[] }]
  t.same(files.map(({ path }) => path).filter((path) => !/^(dist\/(plugin|routes)\/|docs\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path)), [], 'nothing that is not for users')

  const [, example = ''] = /```ts\n(import Fastify[\s\S]*?)```/.exec(await readFile(join(root, 'README.md'), 'utf8')) ?? []
  t.match(example, /app\.listen\(\{ port: 8080 \}\)/)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'fresh', type: 'module', private: true }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: { module: 'NodeNext', target: 'ES2023', strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, types: ['node'], skipLibCheck: false, outDir: 'out' }, files: ['app.ts']
  }))
  await writeFile(join(folder, 'app.ts'), `${example.replace('port: 8080', 'port: 0').replace('logger: true', 'logger: false')}
const response = await app.inject('/sum')
process.stdout.write(response.body)
await app.close()
`)
  await run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', join(folder, filename), 'fastify@5', '@types/node@20'], { cwd: folder })
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc')
  await t.resolves(run(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch((error: { stdout: string }) => { throw new Error(error.stdout) }), 'its types are whole')
  const app = await run(process.execPath, [join(folder, 'out/app.js')], { cwd: folder })
  t.equal(app.stdout, '{"sum":5}')
  const help = await run(process.execPath, [join(folder, 'node_modules/.bin/fastify-wamp'), '--help'], { cwd: folder })
  t.match(help.stdout, /fastify-wamp CONFIG/)
})
