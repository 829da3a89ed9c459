import fc from 'fast-check'
import t from 'tap'
import { KnownTexts } from '../../plugin/codec/known-texts.ts'

t.test('each text is read correctly, whatever was read before', async (t) => {
  const texts = new KnownTexts()
  // Few characters, so that many texts share a slot.
  const text = fc.oneof(fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 6 }), fc.string({ unit: 'binary-ascii', maxLength: 100 }))
  t.doesNotThrow(() => {
    fc.assert(fc.property(text, text, text, (before, given, after) => {
      const data = Buffer.from(before + given + after)
      return texts.read(data, before.length, before.length + given.length) === given
    }), { seed: 7, numRuns: 20_000 })
  })
})

t.test('texts that differ in one character do not replace each other for the reader', async (t) => {
  const texts = new KnownTexts()
  const all = Array.from({ length: 1000 }, (_, i) => `com.topic${i}`)
  for (const text of [...all, ...all.toReversed(), ...all]) if (texts.read(Buffer.from(text), 0, text.length) !== text) t.fail(text)
})
