import t from 'tap'
import { run, writeFiles } from './snippets.ts'

const page = 'docs/testing.md'

t.test('the test of the page on testing passes', async (t) => {
  const folder = writeFiles(t, page)
  t.match(await run(folder, 'app.test.ts', ['--test']), /pass 1\n[^]*fail 0/)
  t.match(await run(folder, 'client.ts'), 'true')
})

t.test('and fails if the app is wrong', async (t) => {
  const folder = writeFiles(t, page)
  const { readFileSync, writeFileSync } = await import('node:fs')
  writeFileSync(`${folder}/app.ts`, readFileSync(`${folder}/app.ts`, 'utf8').replace("if (what !== '') await", 'await'))
  await t.rejects(run(folder, 'app.test.ts', ['--test']), /fail 1/)
})
