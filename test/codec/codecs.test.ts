import t from 'tap'
import type { Test } from 'tap'
import { codecs } from '../../plugin/codec/codecs.ts'
import { noDetails } from '../../plugin/protocol/message.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { libraries } from './libraries.ts'
import { abysses, allCodecs, decode, DEPTH, encode, LIMITS, payloadOf, read, resultOf, yieldOf } from './messages.ts'

// One of each message that a client may send, with as few elements as it has.
const shortest: Readonly<Record<string, unknown[]>> = {
  HELLO: [1, 'realm1', { roles: { caller: {} } }],
  ABORT: [3, {}, 'com.x'],
  AUTHENTICATE: [5, 'secret', {}],
  GOODBYE: [6, {}, 'wamp.close.close_realm'],
  ERROR: [8, 68, 1, {}, 'com.x'],
  PUBLISH: [16, 1, {}, 'com.x'],
  SUBSCRIBE: [32, 1, {}, 'com.x'],
  UNSUBSCRIBE: [34, 1, 2],
  CALL: [48, 1, {}, 'com.x'],
  CANCEL: [49, 1, {}],
  REGISTER: [64, 1, {}, 'com.x'],
  UNREGISTER: [66, 1, 2],
  YIELD: [70, 1, {}]
}
const withPayload = ['ABORT', 'ERROR', 'PUBLISH', 'CALL', 'YIELD']
const withOptions = ['UNSUBSCRIBE', 'UNREGISTER']

t.test('every serializer is found by its subprotocol [SER-04]', async (t) => {
  t.strictSame([...codecs.keys()], ['wamp.2.json', 'wamp.2.msgpack', 'wamp.2.cbor'])
  t.strictSame([...codecs.values()].map(({ binary }) => binary), [false, true, true])
})

for (const codec of allCodecs) {
  const refuses = (t: Test, elements: unknown, message?: string | RegExp): void => {
    t.throws(() => decode(codec, elements), { name: 'ProtocolViolation', ...message === undefined ? {} : { message } }, JSON.stringify(elements))
  }

  t.test(`${codec.name}: a message is a list whose first element is an integer [MSG-01]`, async (t) => {
    for (const value of [{}, 'HELLO', 48, null, true, [], ['48', 1, {}, 'com.x'], [48.5, 1, {}, 'com.x'], [null], [[48]], [true]]) refuses(t, value)
    t.equal(decode(codec, shortest.CALL).type, 48)
  })

  t.test(`${codec.name}: each message has its number of elements [MSG-02, MSG-03]`, async (t) => {
    for (const [name, elements] of Object.entries(shortest)) {
      t.equal(decode(codec, elements).type, elements[0], name)
      refuses(t, elements.slice(0, -1), new RegExp(`^${name} lacks its `))
      const payload = withPayload.includes(name)
      const most = payload ? [...elements, [1], { k: 2 }] : withOptions.includes(name) ? [...elements, {}] : elements
      t.equal(decode(codec, most).type, elements[0], name)
      refuses(t, [...most, {}], `${name} has too many elements`)
    }
  })

  t.test(`${codec.name}: messages that only routers send, and unknown messages, are violations [MSG-04, MSG-05]`, async (t) => {
    for (const code of [2, 4, 17, 33, 35, 36, 50, 65, 67, 68, 69]) refuses(t, [code, 1, {}, 'com.x'], /^clients must not send /)
    for (const code of [0, 7, 71, 255, 256, 337, 1023, -1, 2 ** 40]) refuses(t, [code, 1, {}, 'com.x'], /^there is no message with code/)
  })

  t.test(`${codec.name}: an element of the wrong kind is a violation [MSG-17, URI-01, IDS-01]`, async (t) => {
    const wrong: unknown[] = [null, true, 1.5, [], [{}], Number.MAX_VALUE]
    for (const [name, elements] of Object.entries(shortest)) {
      for (let i = 1; i < elements.length; i++) {
        for (const value of wrong) {
          // HELLO.Realm may be left to the router, and AUTHENTICATE.Extra is null with nexus.
          if (value === null && ((name === 'HELLO' && i === 1) || (name === 'AUTHENTICATE' && i === 2))) continue
          refuses(t, elements.with(i, value), new RegExp(`^${name}\\.`))
        }
      }
    }
  })

  t.test(`${codec.name}: ids are integers from 1 to 2^53 [IDS-01, IDS-02, SER-11, TRP-03]`, async (t) => {
    for (const id of [1, 255, 65536, 2 ** 32, 5512315355, 2 ** 53 - 1, 2 ** 53]) {
      t.match(decode(codec, [49, id, {}]), { request: id })
    }
    for (const id of [0, -1, -(2 ** 40), 1.5, '5', null, true, [], {}]) refuses(t, [49, id, {}], 'CANCEL.request is invalid')
  })

  t.test(`${codec.name}: a reason is a URI; the codec accepts any string as a topic [URI-14]`, async (t) => {
    for (const uri of ['', 'com..x', 'com.x.', 'com x', '#']) {
      refuses(t, [3, {}, uri], 'ABORT.reason is invalid')
      refuses(t, [6, {}, uri])
      refuses(t, [8, 68, 1, {}, uri])
      for (const type of [16, 32, 48, 64]) t.equal(decode(codec, [type, 1, {}, uri]).type, type)
    }
    refuses(t, [8, 48, 1, {}, 'com.x'], 'ERROR.requestType is invalid')
  })

  t.test(`${codec.name}: args are a list and kwargs a dict [MSG-13]`, async (t) => {
    for (const args of [{}, 'args', 1, true]) refuses(t, [48, 1, {}, 'com.x', args], 'CALL.Arguments is not a list')
    for (const kwargs of [[], 'kwargs', 1, true, null]) refuses(t, [48, 1, {}, 'com.x', [1], kwargs], 'CALL.ArgumentsKw is not a dict')
  })

  t.test(`${codec.name}: null in place of args is treated as absent [MSG-14]`, async (t) => {
    t.equal(payloadOf(decode(codec, [48, 1, {}, 'com.x', null])), Payload.empty)
    t.equal(payloadOf(decode(codec, [48, 1, {}, 'com.x', null, {}])), Payload.empty)
    const call = decode(codec, [48, 1, {}, 'com.x', null, { k: 1 }])
    t.strictSame(payloadOf(call).values(), { args: [], kwargs: { k: 1 } })
    t.strictSame(read(codec, resultOf(call)), [50, 1, {}, [], { k: 1 }])
  })

  t.test(`${codec.name}: empty kwargs, and then empty args, are not forwarded [MSG-15]`, async (t) => {
    const forwarded = (...payload: unknown[]): unknown => read(codec, resultOf(decode(codec, [48, 1, {}, 'com.x', ...payload])))
    t.strictSame(forwarded(), [50, 1, {}])
    t.strictSame(forwarded([]), [50, 1, {}])
    t.strictSame(forwarded([], {}), [50, 1, {}])
    t.strictSame(forwarded([1, {}], {}), [50, 1, {}, [1, {}]])
    t.strictSame(forwarded([], { k: 1 }), [50, 1, {}, [], { k: 1 }])
    t.strictSame(forwarded([1], { k: {} }), [50, 1, {}, [1], { k: {} }])
  })

  t.test(`${codec.name}: the payload is forwarded as the received bytes [MSG-16]`, async (t) => {
    const data = libraries[codec.name].write([48, 1, {}, 'com.x', [1.0, 'é', { z: 1, a: 2 }], { k: null }])
    const { bytes } = payloadOf(codec.decode(data, LIMITS)).in(codec)
    t.equal(bytes.buffer, data.buffer, 'they are a slice, not a copy')
    t.ok(encode(codec, resultOf(codec.decode(data, LIMITS))).includes(bytes))
  })

  t.test(`${codec.name}: octets that this process is given do not pin what was read`, async (t) => {
    const data = yieldOf(codec, Payload.of([Buffer.from('octets')]))
    const { args } = payloadOf(codec.decode(data, LIMITS)).values()
    data.fill(0)
    t.strictSame(args, [Buffer.from('octets')])
  })

  t.test(`${codec.name}: options that are known are checked [MSG-07, MSG-09, TRP-38, OPT-02, OPT-03, OPT-04, OPT-05, OPT-06]`, async (t) => {
    refuses(t, [16, 1, { acknowledge: 1 }, 'com.x'], 'PUBLISH.options.acknowledge is invalid')
    refuses(t, [16, 1, { acknowledge: null }, 'com.x'], 'PUBLISH.options.acknowledge is invalid')
    refuses(t, [32, 1, { match: 'regex' }, 'com.x'], 'SUBSCRIBE.options.match must be one of exact, prefix, wildcard')
    refuses(t, [49, 1, { mode: 'abort' }], 'CANCEL.options.mode must be one of skip, kill, killnowait')
    refuses(t, [48, 1, [], 'com.x'], 'CALL.options must be a dict')
  })

  t.test(`${codec.name}: options that are unknown are ignored [MSG-08]`, async (t) => {
    t.match(decode(codec, [48, 1, { x_y: null, _abc: { d: [1] }, constructor: 1, toString: 2 }, 'com.x']), { type: 48, procedure: 'com.x' })
  })

  t.test(`${codec.name}: nesting has a bound, in the head and in the payload`, async (t) => {
    const nested = (levels: number): unknown => levels === 0 ? 1 : [nested(levels - 1)]
    // The message itself is a level, and args another.
    t.equal(decode(codec, [48, 1, {}, 'com.x', nested(DEPTH - 1)]).type, 48)
    t.equal(decode(codec, [48, 1, { x_y: nested(DEPTH - 2) }, 'com.x']).type, 48)
    t.equal(decode(codec, [48, 1, {}, 'com.x', [], { k: nested(DEPTH - 2) }]).type, 48)
    refuses(t, [48, 1, {}, 'com.x', nested(DEPTH)], 'the message is nested too deeply')
    refuses(t, [48, 1, { x_y: nested(DEPTH - 1) }, 'com.x'], 'the message is nested too deeply')
    refuses(t, [48, 1, {}, 'com.x', [], { k: nested(DEPTH - 1) }], 'the message is nested too deeply')
    for (const data of abysses[codec.name]) t.throws(() => codec.decode(data, LIMITS), { name: 'ProtocolViolation', message: 'the message is nested too deeply' })
  })

  t.test(`${codec.name}: names of Object.prototype are data [SER-16]`, async (t) => {
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":2}'
    const call = decode(codec, [48, 1, JSON.parse(text), 'com.x', [], { k: 1 }])
    t.equal((call as { options: object }).options.hasOwnProperty, 2)

    // Another implementation may leave __proto__ out: so the octets are ours.
    const payload = Payload.of([JSON.parse(text)], JSON.parse(text))
    const { args, kwargs } = codec.decodePayload(payload.in(codec))
    t.equal(JSON.stringify(args[0]), text)
    t.equal(JSON.stringify(kwargs), text)
    t.equal(({} as { polluted?: number }).polluted, undefined)
    t.equal(Object.getPrototypeOf(kwargs), Object.prototype)
  })

  t.test(`${codec.name}: every message of the router is read by another implementation`, async (t) => {
    const payload = Payload.of(['é', 1, null], { k: [true] })
    const details = { realm: 'realm1', roles: { broker: { features: { x: true } } }, 'clé à part': 'é' }
    const messages: [RouterMessage, unknown[]][] = [
      [{ type: 2, session: 5512315355, details }, [2, 5512315355, details]],
      [{ type: 3, details: noDetails, reason: 'com.x', payload: Payload.empty }, [3, {}, 'com.x']],
      [{ type: 4, authmethod: 'ticket', extra: {} }, [4, 'ticket', {}]],
      [{ type: 6, details: noDetails, reason: 'com.x' }, [6, {}, 'com.x']],
      [{ type: 8, requestType: 48, request: 1, details: {}, error: 'com.x', payload }, [8, 48, 1, {}, 'com.x', ['é', 1, null], { k: [true] }]],
      [{ type: 17, request: 1, publication: 2 ** 33 }, [17, 1, 2 ** 33]],
      [{ type: 33, request: 1, subscription: 2 }, [33, 1, 2]],
      [{ type: 35, request: 1 }, [35, 1]],
      [{ type: 35, request: 0, details: { subscription: 1 } }, [35, 0, { subscription: 1 }]],
      [{ type: 36, subscription: 1, publication: 2, details: { topic: 'com.é' }, payload }, [36, 1, 2, { topic: 'com.é' }, ['é', 1, null], { k: [true] }]],
      [{ type: 50, request: 1, details: { progress: true }, payload: Payload.of([1]) }, [50, 1, { progress: true }, [1]]],
      [{ type: 65, request: 1, registration: 2 }, [65, 1, 2]],
      [{ type: 67, request: 1 }, [67, 1]],
      [{ type: 68, request: 1, registration: 2, details: noDetails, payload: Payload.empty }, [68, 1, 2, {}]],
      [{ type: 69, request: 1, options: { mode: 'kill' } }, [69, 1, { mode: 'kill' }]]
    ]
    for (const [message, elements] of messages) t.strictSame(read(codec, message), elements)
  })

  t.test(`${codec.name}: a message ends where its buffer ends, after the framing of the transport`, async (t) => {
    const message: RouterMessage = { type: 36, subscription: 1, publication: 2, details: {}, payload: Payload.of(['x'], { k: 1 }) }
    const framed = codec.encode(message, (length) => Buffer.alloc(length + 4, '#'))
    t.equal(framed.subarray(0, 4).toString(), '####')
    t.strictSame(framed.subarray(4), encode(codec, message))
  })

  t.test(`${codec.name}: a value that cannot be represented causes an EncodingError, and no other error is thrown [SER-14, SER-17]`, async (t) => {
    const itself: unknown[] = []
    itself.push(itself)
    const throwing = { get value () { throw new RangeError('no') } }
    for (const value of [itself, throwing, () => {}, Symbol('x'), new Map(), new Float64Array(1), new Error('x')]) {
      t.throws(() => codec.encodePayload([value], undefined), { name: 'EncodingError' })
      t.throws(() => encode(codec, { type: 2, session: 1, details: { value } }), { name: 'EncodingError' })
    }
    t.strictSame(codec.decodePayload(codec.encodePayload(['after'], {})), { args: ['after'], kwargs: {} }, 'and does no harm to what follows')
  })

  t.test(`${codec.name}: undefined becomes null [SER-14]`, async (t) => {
    const { args } = codec.decodePayload(codec.encodePayload([undefined, { u: undefined }, new Array(2), new Date(NaN)], undefined))
    t.strictSame(args, [null, { u: null }, [null, null], null])
  })

  t.test(`${codec.name}: a date is written as its text`, async (t) => {
    t.strictSame(codec.decodePayload(codec.encodePayload([new Date(0)], undefined)).args, ['1970-01-01T00:00:00.000Z'])
  })

  t.test(`${codec.name}: kwargs without args follow an empty list [MSG-15]`, async (t) => {
    const encoded = codec.encodePayload(undefined, { k: 1 })
    t.equal(encoded.elements, 2)
    t.strictSame(codec.decodePayload(encoded), { args: [], kwargs: { k: 1 } })
    t.strictSame(codec.decodePayload(Payload.empty.in(codec)), { args: [], kwargs: {} })
  })

  t.test(`${codec.name}: a payload of any length is written`, async (t) => {
    const args = ['x'.repeat(70_000), Buffer.alloc(70_000, 1), Array.from({ length: 70_000 }, (_, i) => i), 'é'.repeat(300), Buffer.alloc(300)]
    const kwargs = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
    const encoded = codec.encodePayload(args, kwargs)
    t.strictSame(codec.decodePayload(encoded), { args, kwargs })
    t.ok(codec.encodePayload([1], undefined).bytes.length < 10, 'and a short one after it')
  })

  t.test(`${codec.name}: a violation says what is wrong, in few words`, async (t) => {
    t.throws(() => codec.decode(Buffer.alloc(0), LIMITS), ProtocolViolation)
    try {
      decode(codec, [32, 1, { match: 'regex' }, 'x'.repeat(1000)])
      t.fail('it was accepted')
    } catch (error) {
      t.ok(error instanceof ProtocolViolation && error.message.length < 100)
    }
  })
}
