import t from 'tap'
import { hasFewComponents, MAX_WILDCARD_COMPONENTS, WildcardTree } from '../../plugin/realm/wildcard-tree.ts'

t.test('a pattern may have so many components, and no more', async (t) => {
  t.ok(hasFewComponents('.'.repeat(MAX_WILDCARD_COMPONENTS - 1)))
  t.notOk(hasFewComponents('.'.repeat(MAX_WILDCARD_COMPONENTS)))
  t.notOk(hasFewComponents('.'.repeat(1_000_000)))
})

t.test('a URI of more components than any pattern has matches none', async (t) => {
  const tree = new WildcardTree<string>()
  tree.set('.'.repeat(MAX_WILDCARD_COMPONENTS - 1), 'widest')
  const components = Array.from({ length: MAX_WILDCARD_COMPONENTS }, () => 'a')
  t.equal(tree.best(components.join('.')), 'widest')
  for (const uri of [[...components, 'a'].join('.'), components.slice(1).join('.'), 'a'.concat('.a'.repeat(500_000))]) t.equal(tree.best(uri), undefined)
})

t.test('what is removed is gone, and nothing else', async (t) => {
  const tree = new WildcardTree<string>()
  for (const pattern of ['a..c', 'a.b.', '..']) tree.set(pattern, pattern)
  for (const unknown of ['a..', '.b.', 'x', 'a..c.']) tree.delete(unknown)
  t.equal(tree.best('a.b.c'), 'a.b.')
  tree.delete('a.b.')
  t.equal(tree.best('a.b.c'), 'a..c')
  tree.delete('a..c')
  t.equal(tree.best('a.b.c'), '..')
  tree.delete('..')
  t.ok(tree.isEmpty)
})
