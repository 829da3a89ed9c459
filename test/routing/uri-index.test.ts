import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { matches } from '../../plugin/protocol/uri.ts'
import type { MatchPolicy } from '../../plugin/protocol/uri.ts'
import { UriIndex } from '../../plugin/routing/uri-index.ts'

function index (...entries: readonly (readonly [uri: string, match: MatchPolicy])[]): UriIndex<string> {
  const made = new UriIndex<string>()
  for (const [uri, match] of entries) made.set(uri, match, `${match} ${uri}`)
  return made
}

t.test('prefixes match by characters, wildcards by components [PAS-01, PAS-02, PAR-01]', async (t) => {
  const one = index(['com.myapp.topic.emergency', 'prefix'], ['com.myapp..userevent', 'wildcard'], ['.x', 'wildcard'], ['x.', 'wildcard'], ['a...b', 'wildcard'])
  const found = (uri: string): readonly string[] => one.matching(uri)
  for (const uri of ['com.myapp.topic.emergency', 'com.myapp.topic.emergency.11', 'com.myapp.topic.emergency-low', 'com.myapp.topic.emergency.category.severe']) t.equal(found(uri).length, 1, uri)
  t.same(found('com.myapp.topic.emerge'), [])
  t.same(found('com.myapp.foo.userevent'), ['wildcard com.myapp..userevent'])
  for (const uri of ['com.myapp.foo.userevent.bar', 'com.myapp.foo.user', 'com.myapp2.foo.userevent']) t.same(found(uri), [], uri)
  t.same([found('q.x'), found('x.q'), found('a.p.q.b')], [['wildcard .x'], ['wildcard x.'], ['wildcard a...b']])
})

t.test('matches have a fixed order: exact, then prefixes from the shortest, then wildcards in any order [PAS-06]', async (t) => {
  const one = index(['.b.c', 'wildcard'], ['a..c', 'wildcard'], ['a.b.c', 'prefix'], ['', 'prefix'], ['a.', 'prefix'], ['a.b.c', 'exact'], ['a.b.', 'wildcard'])
  const found = one.matching('a.b.c')
  t.same(found.slice(0, 4), ['exact a.b.c', 'prefix ', 'prefix a.', 'prefix a.b.c'])
  t.same(found.slice(4).sort(), ['wildcard .b.c', 'wildcard a..c', 'wildcard a.b.'])
})

t.test('the examples of the specification are matched as specified [PAR-02, PAR-03, PAR-04, PAR-05, TRP-42]', async (t) => {
  const one = index(['a1.b2.c3.d4.e55', 'exact'], ['a1.b2.c3', 'prefix'], ['a1.b2.c3.d4', 'prefix'], ['a1.b2..d4.e5', 'wildcard'], ['a1.b2.c33..e5', 'wildcard'], ['a1.b2..d4.e5..g7', 'wildcard'], ['a1.b2..d4..f6.g7', 'wildcard'])
  const best = (uri: string): string | undefined => one.get(uri, 'exact') ?? one.longestPrefix(uri) ?? one.bestWildcard(uri)
  for (const [uri, chosen] of [
    ['a1.b2.c3.d4.e55', 'exact a1.b2.c3.d4.e55'], ['a1.b2.c3.d98.e74', 'prefix a1.b2.c3'], ['a1.b2.c3.d4.e325', 'prefix a1.b2.c3.d4'],
    ['a1.b2.c55.d4.e5', 'wildcard a1.b2..d4.e5'], ['a1.b2.c88.d4.e5.f6.g7', 'wildcard a1.b2..d4.e5..g7'], ['a2.b2.c2.d2.e2', undefined]
  ] as const) t.equal(best(uri), chosen, uri)
  // The published answer is the wildcard. But a prefix matches by characters, and beats every wildcard.
  t.equal(best('a1.b2.c33.d4.e5'), 'prefix a1.b2.c3')
})

t.test('it agrees with a plain search after any changes', async (t) => {
  const component = fc.constantFrom('a', 'b', '')
  const entry = fc.tuple(fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.')), fc.constantFrom<MatchPolicy>('exact', 'prefix', 'wildcard'))
  const change = fc.tuple(fc.boolean(), entry)
  const uris = ['a', 'b', 'a.a', 'a.b', 'b.a.b', 'a.a.a.b', 'b.b']
  await fc.assert(fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
    const one = new UriIndex<string>()
    const plain = new Map<string, [string, MatchPolicy]>()
    for (const [add, [uri, match]] of changes) {
      const name = `${match} ${uri}`
      if (add) { one.set(uri, match, name); plain.set(name, [uri, match]) } else { one.delete(uri, match); plain.delete(name) }
      for (const asked of uris) {
        const wanted = [...plain].filter(([, [pattern, policy]]) => matches(pattern, policy, asked)).map(([key]) => key).sort()
        if (JSON.stringify([...one.matching(asked)].sort()) !== JSON.stringify(wanted)) throw new Error(`${asked}: ${wanted.join()}`)
      }
      for (const [key, [pattern, policy]] of plain) if (one.get(pattern, policy) !== key) throw new Error(`get ${key}`)
    }
  }), { numRuns: 500, seed: 1 })
  t.pass('500 histories')
})

t.test('made-up URIs do not make the index grow', async (t) => {
  const one = index(['a', 'exact'])
  for (let i = 0; i < 30_000; i++) one.matching(`made.up.${i}`)
  one.matching('x'.repeat(100_000))
  t.same(one.matching('a'), ['exact a'])
})

t.test('URIs that match many patterns do not make the index grow', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const one = index(...Array.from({ length: 200 }, (_, i) => ['a'.repeat(i + 1), 'prefix'] as const))
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 9_000; i++) if (one.matching(`${'a'.repeat(200)}${i}`).length !== 200) throw new Error('not all match')
  gc()
  const more = process.memoryUsage().heapUsed - before
  t.ok(more < 4_000_000, `${more} bytes more`)
  t.equal(one.matching('aa').length, 2)
})
