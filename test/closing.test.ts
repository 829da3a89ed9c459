import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

/** Runs a program of the helpers. Resolves to what it prints when it has ended by itself. */
async function run (name: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, fileURLToPath(new URL(`helper/${name}.ts`, import.meta.url))])
  return JSON.parse(stdout) as unknown
}

t.test('pending work of a closed app does not keep its process alive', async (t) => {
  t.same(await run('closing-app'), { waits: 13, held: [] })
})

t.test('the process of a closing app stays alive until its store has answered or missed the deadline', async (t) => {
  t.same(await run('closing-store'), { logged: 'the cookie store could not be closed' })
})
