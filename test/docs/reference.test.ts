import { readFileSync } from 'node:fs'
import t from 'tap'
import { buildReference } from './reference.ts'

t.test('the reference is that of the source, which documents all that is exported', (t) => {
  const { text, faults } = buildReference()
  t.same(faults, [])
  t.ok(text === readFileSync('docs/reference.md', 'utf8'), 'docs/reference.md is current: if not, npm run reference')
  t.end()
})

t.test('exports without a docstring, or without a section, and missing exports are named', (t) => {
  t.same(buildReference(['test/docs/undocumented.ts']).faults, [
    'Silent has no docstring',
    'Silent.value has no docstring',
    'test/docs/undocumented.ts has no section in the reference',
    'Leaky names Snippet, which is not exported',
    'test/docs/undocumented.ts has no section in the reference'
  ])
  t.end()
})
