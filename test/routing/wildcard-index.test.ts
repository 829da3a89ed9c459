import fc from 'fast-check'
import t from 'tap'
import { matches } from '../../plugin/protocol/uri.ts'
import { hasFewComponents, MAX_WILDCARD_COMPONENTS, WildcardIndex } from '../../plugin/routing/wildcard-index.ts'

t.test('the number of components of a pattern is limited', async (t) => {
  t.ok(hasFewComponents('.'.repeat(MAX_WILDCARD_COMPONENTS - 1)))
  t.notOk(hasFewComponents('.'.repeat(MAX_WILDCARD_COMPONENTS)))
  t.notOk(hasFewComponents('.'.repeat(1_000_000)))
})

t.test('a URI of more components than any pattern has matches none', async (t) => {
  const index = new WildcardIndex<string>()
  index.set('.'.repeat(MAX_WILDCARD_COMPONENTS - 1), 'widest')
  const components = Array.from({ length: MAX_WILDCARD_COMPONENTS }, () => 'a')
  t.equal(index.best(components.join('.')), 'widest')
  for (const uri of [[...components, 'a'].join('.'), components.slice(1).join('.'), 'a'.concat('.a'.repeat(500_000))]) t.equal(index.best(uri), undefined)
})

t.test('removing a pattern removes only that pattern', async (t) => {
  const index = new WildcardIndex<string>()
  for (const pattern of ['a..c', 'a.b.', '..']) index.set(pattern, pattern)
  for (const unknown of ['a..', '.b.', 'x', 'a..c.']) index.delete(unknown)
  t.equal(index.best('a.b.c'), 'a.b.')
  index.delete('a.b.')
  t.equal(index.best('a.b.c'), 'a..c')
  index.delete('a..c')
  t.equal(index.best('a.b.c'), '..')
  index.delete('..')
  t.ok(index.isEmpty)
})

const literal = fc.constantFrom('a', 'b', 'c')
const uriOf = (component: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.array(component, { minLength: 3, maxLength: 5 }).map((components) => components.join('.'))
const changesOf = (component: fc.Arbitrary<string>) => fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), uriOf(component)), { maxLength: 250, size: 'max' })

/** Adds four of five, and deletes the others again. */
function grown (changes: readonly (readonly [number, string])[]): { index: WildcardIndex<string>, plain: Set<string> } {
  const index = new WildcardIndex<string>()
  const plain = new Set<string>()
  for (const [what, uri] of changes) {
    if (what > 0) { index.set(uri, uri); plain.add(uri) } else { index.delete(uri); plain.delete(uri) }
  }
  return { index, plain }
}

function emptied (index: WildcardIndex<string>, plain: ReadonlySet<string>): boolean {
  for (const uri of plain) {
    if (index.get(uri) !== uri) return false
    index.delete(uri)
  }
  return index.isEmpty
}

/** The one that is literal where another is not, from left to right. */
function better (one: string, other: string): string {
  const [left, right] = [one.split('.'), other.split('.')]
  const i = left.findIndex((component, at) => (component === '') !== (right[at] === ''))
  return i >= 0 && left[i] === '' ? other : one
}

t.test('the patterns that match a URI are found among any patterns, and so is the best of them', async (t) => {
  // Also URIs that no session may use: what has an empty component is matched by patterns that are empty there.
  const asked = fc.array(uriOf(fc.oneof({ weight: 9, arbitrary: literal }, { weight: 1, arbitrary: fc.constant('') })), { minLength: 1, maxLength: 20 })
  for (const component of [fc.oneof(literal, fc.constant('')), fc.oneof({ weight: 1, arbitrary: literal }, { weight: 3, arbitrary: fc.constant('') })]) {
    await fc.assert(fc.property(changesOf(component), asked, (changes, uris) => {
      const { index, plain } = grown(changes)
      for (const uri of uris) {
        const wanted = [...plain].filter((pattern) => matches(pattern, 'wildcard', uri)).sort()
        const found: string[] = []
        index.collect(uri, found)
        if (found.sort().join('|') !== wanted.join('|')) throw new Error(`${uri}: ${found.join('|')} and not ${wanted.join('|')}`)
        if (index.best(uri) !== (wanted.length === 0 ? undefined : wanted.reduce(better))) throw new Error(`best of ${uri}`)
      }
      if (!emptied(index, plain)) throw new Error('something is left')
    }), { numRuns: 300, seed: 1 })
  }
  t.pass('600 histories')
})

t.test('the URIs that match a pattern are found among any URIs', async (t) => {
  const patterns = fc.array(uriOf(fc.oneof(literal, fc.constant(''))), { minLength: 1, maxLength: 20 })
  await fc.assert(fc.property(changesOf(literal), patterns, (changes, asked) => {
    const { index, plain } = grown(changes)
    for (const pattern of asked) {
      const wanted = [...plain].filter((uri) => matches(pattern, 'wildcard', uri)).sort().join('|')
      if (index.matchedBy(pattern).sort().join('|') !== wanted) throw new Error(`${pattern}: not ${wanted}`)
    }
    if (!emptied(index, plain)) throw new Error('something is left')
  }), { numRuns: 300, seed: 1 })
  t.pass('300 histories')
})
