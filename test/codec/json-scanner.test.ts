import fc from 'fast-check'
import t from 'tap'
import type { Test } from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { JsonScanner } from '../../plugin/codec/json-scanner.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { unitsSpent } from '../../plugin/work.ts'

const RUNS = { seed: 7, numRuns: 5000 }
const LIMITS = { depth: 6, messageSize: 2 ** 20 }

/** The fields and the payload that the codec reads, or the violation that it finds. */
function reading (text: string): unknown {
  try {
    const { payload = Payload.empty, ...fields } = { payload: undefined, ...jsonCodec.decode(Buffer.from(text, 'latin1'), LIMITS) }
    const { elements, bytes } = payload.in(jsonCodec)
    return { fields, elements, bytes: bytes.toString() }
  } catch (error) {
    return String(error)
  }
}

/** True if a message is read in the same way with a space before it, which is not plain. */
function isReadAlike (t: Test, text: string): boolean {
  return t.strictSame(reading(text), reading(` ${text}`), text)
}

const scalar = fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 5 }))
const list = fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 4 })
const dict = fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 3 })
const empty = fc.constant({})
const uri = fc.constantFrom('com.x', '', 'a b', 'é', '"', '\\')
const id = fc.constantFrom(1, 0, -1, 1.5, 1e15 - 1, 1e15, 2 ** 53, 7)
const head = fc.oneof(
  fc.tuple(fc.constantFrom(16, 48), id, fc.oneof(empty, fc.constant({ acknowledge: true, timeout: 5 }), dict), uri),
  fc.tuple(fc.constant(70), id, fc.oneof(empty, dict)),
  fc.tuple(fc.constant(8), fc.constantFrom(68, 48), id, fc.oneof(empty, dict), uri),
  fc.tuple(fc.constantFrom(1, 32, 36, 99), id, empty, uri)
)
const rest = fc.oneof(fc.constant([]), fc.tuple(list), fc.tuple(list, fc.oneof(empty, dict)), fc.array(scalar, { maxLength: 3 }))
const message = fc.tuple(head, rest).map(([elements, payload]) => JSON.stringify([...elements, ...payload]))

t.test('a plain message is read like the same message in another spelling [SER-01, MSG-16]', async (t) => {
  fc.assert(fc.property(message, (text) => isReadAlike(t, text)), RUNS)
})

t.test('a plain message that is damaged is read like any other damaged message [SER-01]', async (t) => {
  const octet = fc.oneof(fc.constantFrom(...'[]{},:"\\-+.0123456789eE truefalsn'), fc.nat(255).map((code) => String.fromCharCode(code)))
  const change = fc.record({ at: fc.nat(), drop: fc.nat(2), insert: fc.array(octet, { maxLength: 2 }) })
  fc.assert(fc.property(message, change, (text, { at, drop, insert }) => {
    const from = at % text.length
    return isReadAlike(t, text.slice(0, from) + insert.join('') + text.slice(from + drop))
  }), RUNS)
})

t.test('numbers and literals are plain only in the spellings of JSON [SER-01]', async (t) => {
  const spellings = ['0', '-0', '00', '-', '01', '-01', '1.', '.5', '1.5', '1e5', '1E+5', '1e-5', '1e', '1e+', '1.e5', '0e0', '-1.5e3', '+1', '0x1', '1_0', 'true', 'false', 'null', 'tru', 'True', 'nul', 'nulll', 'falsey', '', '"', '"a', '"a"b']
  for (const spelling of spellings) for (const payload of [`[${spelling}]`, `[],{"a":${spelling}}`]) isReadAlike(t, `[48,1,{},"com.x",${payload}]`)
})

t.test('each octet in a text of a plain message is read like in any other message [SER-01]', async (t) => {
  for (let code = 0; code < 256; code++) isReadAlike(t, `[48,1,{},"com.x",["${String.fromCharCode(code)}"]]`)
})

t.test('an integer of a plain message is an id only if it is exact [IDS-01]', async (t) => {
  for (const id of ['999999999999999', '1000000000000000', '9007199254740991', '9007199254740992', '9007199254740993', '18446744073709551616', '0', '00', '01']) isReadAlike(t, `[48,${id},{},"com.x"]`)
})

t.test('the levels of a plain message are limited [SER-01]', async (t) => {
  const nested = (levels: number): string => `[70,1,{},${'['.repeat(levels)}${']'.repeat(levels)}]`
  t.match(reading(nested(LIMITS.depth - 1)), { fields: { request: 1 } })
  t.equal(reading(nested(LIMITS.depth)), 'ProtocolViolation: the message is nested too deeply')
  t.equal(reading(`[70,1,${'{"a":'.repeat(LIMITS.depth)}1${'}'.repeat(LIMITS.depth)}]`), 'ProtocolViolation: the message is nested too deeply')
})

t.test('a message without spaces, escapes and characters beyond ASCII is plain', async (t) => {
  const isPlain = (text: string): boolean => {
    const scanner = new JsonScanner()
    return scanner.open(Buffer.from(text)) === 16 && scanner.comma() && scanner.value(3) === 1 && scanner.comma() && scanner.value(3) !== undefined && scanner.comma() && scanner.value(3) === 'com.x' &&
      (scanner.isAtEnd || (scanner.comma() && scanner.list(3) > 0 && (scanner.isAtEnd || (scanner.comma() && scanner.dict(3) > 0 && scanner.isAtEnd))))
  }
  for (const text of ['[16,1,{},"com.x"]', '[16,1,{"acknowledge":true},"com.x",["x",1.5,null]]', '[16,1,{},"com.x",[],{"a":{"b":[false]}}]']) t.ok(isPlain(text), text)
  for (const text of ['[16, 1,{},"com.x"]', '[16,1,{},"com.x",["\\n"]]', '[16,1,{},"com.x",["é"]]', '[16,1,{},"com.x"] ']) t.notOk(isPlain(text), text)
})

t.test('the lists, dicts and keys of a plain message that are decoded count as work, as in any other message', (t) => {
  const units = (text: string): number => {
    const before = unitsSpent()
    jsonCodec.decode(Buffer.from(text), LIMITS)
    return unitsSpent() - before
  }
  for (const dict of [Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x${i}`, i])), { a: { b: { c: [{}, {}] } } }]) {
    const text = `[16,1,${JSON.stringify({ ...dict, padding: 'x'.repeat(20) })},"a.b"]`
    const [plain, other] = [units(text), units(` ${text}`)]
    t.ok(plain > 0.8 * other, `${plain} of ${other} units`)
  }
  t.end()
})
