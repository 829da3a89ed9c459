import fc from 'fast-check'
import t from 'tap'
import { PrefixTree } from '../../plugin/routing/prefix-tree.ts'

function found (tree: PrefixTree<string>, uri: string): string[] {
  const list: string[] = []
  tree.collect(uri, list)
  return list
}

t.test('the prefixes of a URI come from the shortest to the longest', async (t) => {
  const tree = new PrefixTree<string>()
  for (const prefix of ['com.', 'com.example.b', '', 'co', 'com.example.a']) tree.set(prefix, prefix)
  t.same(found(tree, 'com.example.about'), ['', 'co', 'com.', 'com.example.a'])
  t.equal(tree.longest('com.example.about'), 'com.example.a')
  t.same(found(tree, 'com'), ['', 'co'])
  t.equal(tree.longest('x'), '')
  t.same(['com.example.', 'c', 'com.example.aa'].map((prefix) => tree.get(prefix)), [undefined, undefined, undefined], 'a node on the way is no value')
})

t.test('it agrees with a plain search after any changes, and is empty in the end', async (t) => {
  const prefix = fc.string({ unit: fc.constantFrom('a', 'b', '.', 'é', '😀'), maxLength: 5 })
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), prefix), { maxLength: 40 }), prefix, async (changes, uri) => {
    const tree = new PrefixTree<string>()
    const plain = new Set<string>()
    for (const [add, one] of changes) {
      if (add) { tree.set(one, one); plain.add(one) } else { tree.delete(one); plain.delete(one) }
      const wanted = [...plain].filter((each) => uri.startsWith(each)).sort((a, b) => a.length - b.length)
      if (found(tree, uri).join('|') !== wanted.join('|') || tree.longest(uri) !== wanted.at(-1)) throw new Error(`${uri}: ${found(tree, uri).join()}`)
      const below = [...plain].filter((each) => each.startsWith(uri)).sort().join('|')
      if (tree.startingWith(uri).sort().join('|') !== below) throw new Error(`under ${uri}: not ${below}`)
      if ([...plain].some((each) => tree.get(each) !== each) || (!plain.has(uri) && tree.get(uri) !== undefined)) throw new Error(`get after ${one}`)
    }
    for (const one of plain) tree.delete(one)
    if (!tree.isEmpty) throw new Error('something is left')
  }), { numRuns: 2_000, seed: 1 })
  t.pass('2 000 histories')
})

t.test('prefixes of prefixes may go deeper than the stack', async (t) => {
  const tree = new PrefixTree<string>()
  const depth = 12_000
  for (let length = 1; length <= depth; length++) tree.set('a'.repeat(length), `${length}`)
  t.equal(found(tree, 'a'.repeat(depth + 1)).length, depth)
  tree.delete('a'.repeat(depth))
  t.equal(tree.longest('a'.repeat(depth + 1)), `${depth - 1}`)
})
