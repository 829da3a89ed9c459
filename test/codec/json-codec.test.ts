import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { msgpackCodec } from '../../plugin/codec/msgpack-codec.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { LIMITS, encode, payloadOf, resultOf } from './messages.ts'

const decode = (text: string) => jsonCodec.decode(Buffer.from(text), LIMITS)
/** The args of a CALL, as another serializer or this process gets them. */
const argsOf = (text: string): unknown[] => payloadOf(decode(`[48,1,{},"com.x",${text}]`)).values().args
/** A CALL as a JSON peer gets it. */
const forwarded = (text: string): string => encode(jsonCodec, resultOf(decode(text))).toString()
/** Args as JSON text. */
const written = (...args: unknown[]): string => Payload.of(args).in(jsonCodec).bytes.toString()

t.test('data that is not JSON is a violation [SER-01]', async (t) => {
  for (const text of ['', ' ', '[48', '[48,1,{},"com.x"', '[48,1,{},"com.x"]]', '[48,1,{},"com.x",[01]]', "[48,1,{},'com.x']", '[48,1,{},"com.x",[NaN]]', '[48,1,{},"com.x",]', '\ufeff[49,1,{}]']) {
    t.throws(() => decode(text), { name: 'ProtocolViolation', message: 'the text is not JSON' }, JSON.stringify(text))
  }
})

t.test('text that is not UTF-8 is a violation [SER-01]', async (t) => {
  const message = (octets: number[]): Buffer => Buffer.concat([Buffer.from('[48,1,{},"com.x",["'), Buffer.from(octets), Buffer.from('"]]')])
  for (const octets of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    t.throws(() => jsonCodec.decode(message(octets), LIMITS), { name: 'ProtocolViolation', message: 'a text is not UTF-8' })
  }
  t.equal(jsonCodec.decode(message([0xef, 0xbf, 0xbd]), LIMITS).type, 48, 'U+FFFD itself may be said')
  t.equal(jsonCodec.decode(message([0xf0, 0x9f, 0x98, 0x80]), LIMITS).type, 48)
})

t.test('white space is allowed between all elements', async (t) => {
  const call = decode('\r\n [ 48 , 1 , { } , "com.x" , [ 1 ] , { "k" : 2 } ] \n\t')
  t.match(call, { type: 48, request: 1, procedure: 'com.x' })
  t.strictSame(payloadOf(call).values(), { args: [1], kwargs: { k: 2 } })
  t.strictSame(JSON.parse(encode(jsonCodec, resultOf(call)).toString()), [50, 1, {}, [1], { k: 2 }])
  t.equal(payloadOf(decode(' [48,1,{},"com.x", [ ] , { } ] ')), Payload.empty)
})

t.test('the payload is found after any message head [MSG-16]', async (t) => {
  const heads = ['[48,1,{},"com.x"', '[48,1,{"a":[1,{"b":"]}\\"["}],"c":{}},"com.x"', '[48,1,{"\\"":"\\\\"},",[\\\\"', '[48, 1 ,{"é":"\\u005d"} , "com.é"']
  const payloads: [given: string, sent: string][] = [
    ['["]","\\"],{",{}]', '["]","\\"],{",{}]'],
    ['[1,{}],{"k":"}]"}', '[1,{}],{"k":"}]"}'],
    ['["a,{}"],{}', '["a,{}"]'],
    ['null,{"null":{}}', '[],{"null":{}}'],
    ['[{"x":{}}],{}', '[{"x":{}}]']
  ]
  for (const head of heads) {
    for (const [given, sent] of payloads) t.equal(forwarded(`${head},${given}]`), `[50,1,{},${sent}]`)
  }
})

t.test('JSON is forwarded to JSON peers unchanged, including spelling, order and U+0000 [SER-08, MSG-16]', async (t) => {
  for (const payload of ['[1.0,1e400,-0,12345678901234567890]', '["\\u0000EOP/","\\u0000?","\\u00e9"],{"b":1,"a":2,"b":3}']) {
    t.equal(forwarded(`[48,1,{},"com.x",${payload}]`), `[50,1,{},${payload}]`)
  }
})

t.test('the message code 16.0 is read as 16 [SER-11]', async (t) => {
  t.match(decode('[16.0,1e0,{},"com.x"]'), { type: 16, request: 1 })
})

t.test('numbers that JSON.parse rounds to 2^53 are not ids [IDS-01, TRP-04]', async (t) => {
  t.match(decode('[49,9007199254740992,{}]'), { request: 2 ** 53 })
  t.match(decode('[49, 9007199254740992.0 ,{}]'), { request: 2 ** 53 })
  for (const id of ['9007199254740993', '9007199254740991.7', '90071992547409930e-1']) {
    t.throws(() => decode(`[49,${id},{}]`), { message: 'an id exceeds 2^53' }, id)
  }
  t.throws(() => decode('[34,9007199254740992,9007199254740993]'), { message: 'an id exceeds 2^53' })
  t.match(decode('[34,9007199254740992,9007199254740992]'), { subscription: 2 ** 53 })
})

t.test('a string of U+0000 and Base64 represents binary data, at any depth [SER-07, SER-08]', async (t) => {
  const octets = Buffer.from('10e3ff9053075c526f5fc06d4fe37cdb', 'hex')
  t.strictSame(argsOf('["\\u0000EOP/kFMHXFJvX8BtT+N82w=="]'), [octets])
  t.strictSame(argsOf('["\\u0000"]'), [Buffer.alloc(0)])
  t.strictSame(argsOf('[{"k":[["\\u0000AQ=="]]}]'), [{ k: [[Buffer.from([1])]] }])
  t.strictSame(payloadOf(decode('[48,1,{},"com.x",[],{"k":"\\u0000AQ=="}]')).values().kwargs, { k: Buffer.from([1]) })
})

t.test('binary data is written as U+0000 and Base64 [SER-06, PPT-11]', async (t) => {
  const octets = Buffer.from('10e3ff9053075c526f5fc06d4fe37cdb', 'hex')
  t.equal(written(octets), '["\\u0000EOP/kFMHXFJvX8BtT+N82w=="]')
  t.equal(written(new Uint8Array(octets)), '["\\u0000EOP/kFMHXFJvX8BtT+N82w=="]')
  t.equal(written(new Uint8Array(octets).subarray(15)), '["\\u00002w=="]')
  t.equal(written(Buffer.alloc(0)), '["\\u0000"]')
})

t.test('keys are never binary data, and an invalid Base64 string stays a string [SER-09, TRP-34]', async (t) => {
  t.strictSame(argsOf('[{"\\u0000AQ==":"\\u0000AQ=="}]'), [{ '\0AQ==': Buffer.from([1]) }])
  for (const text of ['?', 'A', 'AQ=', 'AQ', 'A===', 'AQ==AQ==', '====', 'AQ-_', 'AQ==\n', ' AQ==']) {
    t.strictSame(argsOf(JSON.stringify([`\0${text}`])), [`\0${text}`], JSON.stringify(text))
  }
  t.strictSame(argsOf('["AQ==","x\\u0000AQ=="]'), ['AQ==', 'x\0AQ=='])
})

t.test('integers that a Number would round are decoded exactly [SER-12]', async (t) => {
  t.strictSame(argsOf('[9007199254740991,9007199254740992,9007199254740993,-9007199254740993]'), [2 ** 53 - 1, 2 ** 53, 9007199254740993n, -9007199254740993n])
  t.strictSame(argsOf('[18446744073709551615,[-9223372036854775808,{"k":12345678901234567890}]]'), [18446744073709551615n, [-9223372036854775808n, { k: 12345678901234567890n }]])
  t.strictSame(argsOf('["12345678901234567890","a\\"12345678901234567890",{"12345678901234567890":1}]'), ['12345678901234567890', 'a"12345678901234567890', { '12345678901234567890': 1 }])
  t.strictSame(argsOf('[1234567890123456.5,1e20,1234567890123456789e3,-0,true,null]'), [1234567890123456.5, 1e20, Number('1234567890123456789e3'), -0, true, null])
  t.strictSame(argsOf('["\\u0000AQ==",12345678901234567890]'), [Buffer.from([1]), 12345678901234567890n], 'beside octets')
})

t.test('integers of any serializer are written as digits, and other numbers keep their value [SER-12]', async (t) => {
  t.equal(written(18446744073709551615n, -9223372036854775808n, 5n), '[18446744073709551615,-9223372036854775808,5]')
  t.equal(written(2 ** 53, -(2 ** 53), 0.1, -0, 1e300), '[9007199254740992,-9007199254740992,0.1,-0,1e+300]')
  t.equal(written(2 ** 60), '[1.152921504606847e+18]')
  t.equal(Number('1.152921504606847e+18'), 2 ** 60)
})

t.test('an integer that exceeds the conversion limit is sent to JSON peers only [SER-13]', async (t) => {
  const call = (digits: number) => decode(`[48,1,{},"com.x",[${'9'.repeat(digits)}]]`)
  t.strictSame(payloadOf(call(1233)).values().args, [BigInt('9'.repeat(1233))])
  t.throws(() => payloadOf(call(1234)).values(), { name: 'EncodingError' })
  t.throws(() => payloadOf(call(1234)).in(msgpackCodec), { name: 'EncodingError' })
  t.equal(payloadOf(call(100_000)).in(jsonCodec).bytes.length, 100_002)
})

t.test('NaN and the infinities become null [SER-14]', async (t) => {
  t.equal(written(NaN, Infinity, -Infinity), '[null,null,null]')
})

t.test('strings are escaped as in JSON', async (t) => {
  t.equal(written('"\\\n\u2028\ud800é', '\0x'), '["\\"\\\\\\n\u2028\\ud800é","\\u0000x"]')
})

t.test('a message does not stay in memory after it has been read', async (t) => {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const read = (text: string): WeakRef<Buffer> => {
    const data = Buffer.from(text)
    try { jsonCodec.decode(data, LIMITS) } catch {}
    return new WeakRef(data)
  }
  let released = 0
  for (const text of ['[48,1,{},"com.x",[1]]', '[48,1,{},"com.x",[1]', '[48,-1,{},"com.x"]', '[48,0,{},"com.x"]']) {
    const data = read(text)
    do {
      await new Promise((resolve) => { setImmediate(resolve) })
      gc()
    } while (data.deref() !== undefined)
    released++
  }
  t.equal(released, 4)
})

t.test('texts of many megabytes are converted', async (t) => {
  const long = '\\n'.repeat(8_000_000)
  t.strictSame(argsOf(`["${long}",12345678901234567890]`), ['\n'.repeat(8_000_000), 12345678901234567890n])
  t.equal((argsOf(`["\\u0000${'AAAA'.repeat(5_000_000)}"]`)[0] as Buffer).length, 15_000_000)
})
