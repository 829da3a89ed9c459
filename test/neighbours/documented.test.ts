import { readFileSync } from 'node:fs'
import t from 'tap'
import { neighbours } from './neighbours.ts'

t.test('the guide has a row for each plugin that is tested, with its version, and no other', (t) => {
  const rows = [...readFileSync('docs/neighbours.md', 'utf8').matchAll(/^\| `([^`]+)` \| (\d[\d.]+) \|/gm)].map(([, name, version]) => `${name} ${version}`)
  t.same(rows, neighbours.map(({ name, packages }) => `${name} ${packages[name]}`).sort())
  t.end()
})
