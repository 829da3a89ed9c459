import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import typescript from 'typescript'
import { defences } from './defences.ts'
import type { Defence } from './defences.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The seconds until a test begins, on a busy machine. */
const LONGEST_START = 30

/** A copy of the project as JavaScript, in which defences are switched off. */
class Copy {
  readonly #path: string

  private constructor (path: string) {
    this.#path = path
  }

  static async make (t: Test): Promise<Copy> {
    const path = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    t.teardown(async () => { await rm(path, { recursive: true }) })
    const copy = new Copy(path)
    for (const part of ['plugin', 'routes', 'test']) {
      for (const file of await readdir(join(root, part), { recursive: true })) {
        if (file.endsWith('.ts')) await copy.#write(join(part, file), (text) => text)
        else if (/\.(?:html|css|js|svg)$/.test(file)) await cp(join(root, part, file), join(path, part, file))
      }
    }
    await writeFile(join(path, 'package.json'), (await readFile(join(root, 'package.json'), 'utf8')).replaceAll(/"\.\/([\w/-]+)\.ts"/g, '"./$1.js"'))
    // No defence is in the client for browsers: it is not bundled here.
    await writeFile(join(path, 'bundle-client.js'), "export const clientFiles = async () => new Map(['client', 'cbor', 'msgpack'].flatMap((name) => [[name + '.js', ''], [name + '.js.map', '']]))\n")
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'))
    return copy
  }

  /** Runs the test of a defence while its file is changed, and no other. It is stopped when something in it fails, or after so many seconds. A test that hangs has failed. */
  async run ({ file, test: [test, name] }: Defence, change: (text: string) => string, timeout: number): Promise<{ result: 'passed' | 'failed' | 'did not run', output: string }> {
    await this.#write(file, change)
    const own = Object.entries(process.env).filter(([key]) => !/^(_?TAP|NODE_V8_COVERAGE)/.test(key))
    const env = { ...Object.fromEntries(own), TAP_TIMEOUT: String(timeout), TAP_GREP: `/^${name.replaceAll(/[^\w ]/g, '.')}/` }
    const child = spawn(process.execPath, ['--conditions=fastify-wamp-source', join('test', asJavaScript(test))], { cwd: this.#path, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let state: 'running' | 'hangs' = 'running'
    // Without its defence, code may not give the event loop back, so that the timeout of the test does not end it.
    const stop = setTimeout(() => {
      state = 'hangs'
      child.kill('SIGKILL')
    }, (timeout + LONGEST_START) * 1000)
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
      if (hasFailed(output)) child.kill('SIGKILL')
    })
    child.stderr.on('data', (data: Buffer) => { output += data.toString() })
    const [code] = await once(child, 'close') as [number | null]
    clearTimeout(stop)
    await this.#write(file, (text) => text)
    return { result: hasFailed(output) || isHanging(state) ? 'failed' : code === 0 ? 'passed' : 'did not run', output }
  }

  async #write (file: string, change: (text: string) => string): Promise<void> {
    const text = change(await readFile(join(root, file), 'utf8'))
    const { outputText } = typescript.transpileModule(text, {
      compilerOptions: { module: typescript.ModuleKind.ESNext, target: typescript.ScriptTarget.ES2023, verbatimModuleSyntax: true, rewriteRelativeImportExtensions: true }
    })
    const path = join(this.#path, asJavaScript(file))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, outputText)
  }
}

function isHanging (state: 'running' | 'hangs'): boolean {
  return state === 'hangs'
}

/** True if an assertion within a test failed: if the code could not even be read, there is none. */
function hasFailed (output: string): boolean {
  return /^ {4,}not ok \d+ - /m.test(output)
}

function asJavaScript (file: string): string {
  return file.replace(/\.ts$/, '.js')
}

/** Which defenses are switched off: `all`, those whose names contain this text, or every fourth one, because all of them take ten minutes. */
const { DEFENCES } = process.env

function isChosen (defence: string, index: number): boolean {
  return DEFENCES === undefined ? index % 4 === 0 : DEFENCES === 'all' || defence.includes(DEFENCES)
}

// One more than there are cores: some runs only wait. Each leaves its copy as it was.
t.setTimeout(1_800_000)
const copies = await Promise.all([1, 2, 3].map(async () => await Copy.make(t)))

t.test('the code of each defense occurs once in its file', async (t) => {
  for (const { defence, file, code } of defences) {
    const found = (await readFile(join(root, file), 'utf8')).split(code).length - 1
    t.equal(found, 1, `${defence}: its code is in ${file} once`)
  }
})

t.test('each defense has a test that fails when the defense is switched off', async (t) => {
  const waiting = defences.filter(({ defence }, i) => isChosen(defence, i))
  const check = async (copy: Copy): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { defence, code, without } = next
      // Without its defence a test may wait for a GOODBYE that does not come.
      const { result, output } = await copy.run(next, (text) => text.replace(code, () => without), 5)
      t.equal(result, 'failed', defence, result === 'failed' ? {} : { output })
    }
  }
  await Promise.all(copies.map(check))
})

t.test('the unchanged copy passes its tests', async (t) => {
  const [copy] = copies
  const [one] = defences
  const { result, output } = await copy!.run(one!, (text) => text, 60)
  t.equal(result, 'passed', one!.defence, { output })
})

t.test('docs/security.md lists exactly these defenses', async (t) => {
  const text = await readFile(join(root, 'docs', 'security.md'), 'utf8')
  const rows = text.match(/^\| .+ \| `test\/.+\.test\.ts` \|$/gm) ?? []
  t.same(rows.sort(), defences.map(({ defence, test: [file] }) => `| ${defence} | \`test/${file}\` |`).sort())
})
