import { readFile } from 'node:fs/promises'
import t from 'tap'
import { buildReport } from './report.ts'

t.test('every requirement is covered by a test, or omitted for a stated reason', async (t) => {
  t.same((await buildReport()).faults, [])
})

t.test('docs/conformance.md is up to date: `npm run conformance` writes it', async (t) => {
  t.equal(await readFile(new URL('../../docs/conformance.md', import.meta.url), 'utf8'), (await buildReport()).text)
})
