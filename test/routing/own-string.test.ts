import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import type { Test } from 'tap'
import { ownString } from '../../plugin/routing/own-string.ts'
import { PrefixTree } from '../../plugin/routing/prefix-tree.ts'
import { WildcardIndex } from '../../plugin/routing/wildcard-index.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const COUNT = 30
const LONG = 2 ** 20

/** What is kept of so many long URIs, if anything is, is far more than this. */
const LITTLE = LONG * COUNT / 4

/** After this is done, nearly as much memory is free as before. */
function keepsLittle (t: Test, work: () => void): void {
  gc()
  const before = process.memoryUsage().heapUsed
  work()
  gc()
  const more = process.memoryUsage().heapUsed - before
  t.ok(more < LITTLE, `${more} bytes more of ${LONG * COUNT}`)
}

/** A long URI that has a start of its own, and is no slice itself. */
function longUri (start: string): string {
  return ownString(start + 'x'.repeat(LONG))
}

t.test('a copy is equal, whatever the parts of the string', async (t) => {
  for (const part of ['', 'short', 'a string of more than thirteen', 'ä'.repeat(20), '\u{1f600}'.repeat(20), '\ud800'.repeat(20), '\u0000"\\\u2028'.repeat(9)]) t.equal(ownString(part), part)
})

t.test('a prefix tree does not keep long URIs in memory, whatever shared their beginning', async (t) => {
  const tree = new PrefixTree<number>()
  const prefix = (i: number): string => `${String(i).padStart(6, '0')}.some.prefix.that.is.shared.`
  keepsLittle(t, () => {
    for (let i = 0; i < COUNT; i++) {
      const long = longUri(`${prefix(i)}a`)
      tree.set(long, i)
      for (const end of ['b', 'c']) tree.set(prefix(i) + end, i)
      tree.delete(long)
    }
  })
  t.same(tree.startingWith('').length, 2 * COUNT)
})

t.test('a prefix tree does not keep long URIs in memory that other URIs extended', async (t) => {
  const tree = new PrefixTree<number>()
  const start = 'x'.repeat(LONG)
  const uri = (i: number): string => ownString(start + 'y'.repeat(20 * (i + 1)))
  keepsLittle(t, () => {
    for (let i = 0; i < COUNT; i++) tree.set(uri(i), i)
    for (let i = COUNT - 2; i >= 0; i--) tree.delete(uri(i))
  })
  t.same(tree.startingWith('x'), [COUNT - 1])
})

t.test('a wildcard index does not keep long URIs in memory, whatever shared a component', async (t) => {
  const index = new WildcardIndex<number>()
  keepsLittle(t, () => {
    for (let i = 0; i < COUNT; i++) {
      const long = longUri(`a${i}.componentcomponent${i}.a`)
      index.set(long, i)
      index.set(`b${i}.componentcomponent${i}.b`, i)
      index.delete(long)
    }
  })
  t.same(index.matchedBy('..b').length, COUNT)
})
