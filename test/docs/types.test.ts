import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { snippetsOf } from './snippets.ts'

t.test('the programs in the docs are right by the types that users see', async (t) => {
  const pages = readdirSync('docs').filter((name) => name.endsWith('.md'))
  const programs = pages.map((page) => [page.replace('.md', ''), Object.fromEntries(
    snippetsOf(join('docs', page)).filter(({ name }) => name?.endsWith('.ts')).map(({ name, text }) => [name!, text])
  )] as const).filter(([, files]) => Object.keys(files).length > 0)
  t.ok(programs.length > 1, `${programs.length} pages have programs`)
  const folder = t.testdir({
    ...Object.fromEntries(programs),
    'tsconfig.json': JSON.stringify({ extends: relative(t.testdirName, 'tsconfig.json'), include: ['**/*.ts', relative(t.testdirName, 'test/interop/autobahn.d.ts')] })
  })
  await t.resolves(promisify(execFile)(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', folder]).catch(({ stdout }) => { throw new Error(String(stdout)) }))
})
