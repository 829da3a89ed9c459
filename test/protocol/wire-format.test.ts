import t from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { MessageCode } from '../../plugin/protocol/message.ts'
import { OpaqueValue } from '../../plugin/protocol/opaque-value.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { clientLayout, layoutOf, toElements, toMessage, wireFormat } from '../../plugin/protocol/wire-format.ts'
import type { MessageLayout } from '../../plugin/protocol/wire-format.ts'

const payload = Payload.of([1])

/** What is wrong with a message; undefined if nothing is. */
function fault (...elements: unknown[]): string | undefined {
  try {
    toMessage(clientLayout(elements[0]), elements, payload)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolViolation) return error.message
    throw error
  }
}

const kinds = {
  boolean: [[true, false], [1, 0, 'true', null, [], {}]],
  string: [['', 'x'], [1, true, null, [], {}]],
  attribute: [['', 'x'.repeat(1024)], ['x'.repeat(1025), 1, true, null, [], {}]],
  strings: [[[], ['x', '']], ['x', [1], [null], {}, null, true]],
  ids: [[[], [1, 2 ** 53]], [1, ['x'], [0], [1.5], [-1], [2 ** 53 + 2], {}, null]],
  dict: [[{}, { x: 1 }, Object.create(null)], [[], 'x', 1, null, new Date(), new Uint8Array(1), new Map()]],
  natural: [[0, 1, 2 ** 53 - 1], [-1, 1.5, '1', null, true, Infinity, 1n]],
  positive: [[1, 100], [0, -1, 1.5, '1', null]],
  match: [['exact', 'prefix', 'wildcard'], ['regex', 'Exact', '', 5, null, ['exact']]],
  invoke: [['single', 'roundrobin', 'random', 'first', 'last'], ['load', 'all', '', 1, null]],
  mode: [['skip', 'kill', 'killnowait'], ['abort', '', 1, null]]
} as const satisfies Record<string, readonly [right: readonly unknown[], wrong: readonly unknown[]]>

const passthru = { ppt_scheme: 'attribute', ppt_serializer: 'attribute', ppt_cipher: 'attribute', ppt_keyid: 'attribute' } as const

const options: Readonly<Record<string, { message: (options: unknown) => unknown[], known: Readonly<Record<string, keyof typeof kinds>> }>> = {
  'HELLO.details are checked [OPT-01]': {
    message: (details) => [1, 'realm1', details],
    known: { roles: 'dict', agent: 'string', authmethods: 'strings', authid: 'string', authrole: 'string', authextra: 'dict' }
  },
  'SUBSCRIBE.options are checked [OPT-02]': { message: (options) => [32, 1, options, 'x'], known: { match: 'match', get_retained: 'boolean', nkey: 'string' } },
  'PUBLISH.options are checked [OPT-03]': {
    message: (options) => [16, 1, options, 'x'],
    known: {
      acknowledge: 'boolean',
      exclude_me: 'boolean',
      disclose_me: 'boolean',
      exclude: 'ids',
      exclude_authid: 'strings',
      exclude_authrole: 'strings',
      eligible: 'ids',
      eligible_authid: 'strings',
      eligible_authrole: 'strings',
      retain: 'boolean',
      rkey: 'string',
      ...passthru
    }
  },
  'REGISTER.options are checked [OPT-04, SHR-07]': {
    message: (options) => [64, 1, options, 'x'],
    known: { match: 'match', invoke: 'invoke', disclose_caller: 'boolean', forward_timeout: 'boolean', concurrency: 'positive', force_reregister: 'boolean' }
  },
  'CALL.options are checked [OPT-05]': {
    message: (options) => [48, 1, options, 'x'],
    known: { timeout: 'natural', receive_progress: 'boolean', progress: 'boolean', disclose_me: 'boolean', rkey: 'string', runmode: 'string', ...passthru }
  },
  'CANCEL.options are checked [OPT-06]': { message: (options) => [49, 1, options], known: { mode: 'mode' } },
  'YIELD.options are checked [OPT-06]': { message: (options) => [70, 1, options], known: { progress: 'boolean', ...passthru } }
}

for (const [title, { message, known }] of Object.entries(options)) {
  const [place = ''] = title.split(' ')
  t.test(`${title}: an invalid value of a known key is a violation [MSG-07, MSG-09, TRP-38]`, async (t) => {
    for (const [key, kind] of Object.entries(known)) {
      const [right, wrong] = kinds[kind]
      for (const value of right) t.equal(fault(...message({ [key]: value })), undefined, `${key}: ${JSON.stringify(value)}`)
      for (const value of wrong) t.match(fault(...message({ [key]: value })), `${place}.${key} `, `${key}: ${String(value)}`)
      t.equal(fault(...message({ [key]: undefined })), undefined, `${key} that is undefined is not given`)
    }
  })

  t.test(`${title}: unknown keys are ignored [MSG-08]`, async (t) => {
    const unknown = JSON.parse('{"x_cb_node":null,"_abc":[1],"madeup":{"a":1},"__proto__":1,"constructor":null,"toString":5}')
    t.equal(fault(...message(unknown)), undefined)
  })

  t.test(`${title}: anything but a dict is a violation [MSG-17]`, async (t) => {
    for (const value of [null, [], 'x', 1, true, undefined, new Uint8Array(1), new Date(), new Map()]) {
      t.equal(fault(...message(value)), `${place} must be a dict`)
    }
  })
}

t.test('the names in HELLO are limited, because they may be sent to any number of receivers', async (t) => {
  for (const name of ['authid', 'authrole']) {
    t.equal(fault(1, 'realm1', { [name]: 'x'.repeat(1024) }), undefined)
    t.equal(fault(1, 'realm1', { [name]: 'x'.repeat(1025) }), `HELLO.details.${name} is invalid`)
  }
})

t.test('the realm of HELLO may be null, or any string: the handshake checks it [URI-16]', async (t) => {
  for (const realm of [null, 'realm1', '', 'not a uri']) t.equal(fault(1, realm, {}), undefined)
  for (const realm of [1, true, [], undefined]) t.equal(fault(1, realm, {}), 'HELLO.realm is invalid')
})

t.test('a message has its fields, in the order of the wire', async (t) => {
  t.strictSame(toMessage(clientLayout(48), [48, 7, { timeout: 1 }, 'com.x'], payload), { type: 48, request: 7, options: { timeout: 1 }, procedure: 'com.x', payload })
  t.strictSame(toMessage(clientLayout(34), [34, 7, 8], payload), { type: 34, request: 7, subscription: 8 })
  t.strictSame(toMessage(clientLayout(34), [34, 7, 8, {}], payload), { type: 34, request: 7, subscription: 8, options: {} })
  t.strictSame(toElements({ type: 48, request: 7, options: {}, procedure: 'com.x', payload }), [48, 7, {}, 'com.x'])
  t.strictSame(toElements({ type: 67, request: 7 }), [67, 7])
  t.strictSame(toElements({ type: 67, request: 0, details: { reason: 'x' } }), [67, 0, { reason: 'x' }])
})

t.test('the layouts of the router\'s messages define what it may send [MSG-17]', async (t) => {
  const accepts = (code: MessageCode, ...fields: unknown[]): boolean => layoutOf(code).fields.every(([, check], i) => check(fields[i]) === true)
  t.ok(accepts(2, 5512315355, {}))
  t.ok(accepts(35, 1, {}) && accepts(35, 0, {}) && accepts(67, 0, {}), 'a revocation has request 0')
  t.notOk(accepts(35, -1, {}) || accepts(35, '1', {}) || accepts(33, 0, 1))
  t.notOk(accepts(36, 1, 2, null) || accepts(50, 1, null) || accepts(68, 1, 2, []), 'details are always a dict')
})

t.test('every message has one layout, and says who sends it', async (t) => {
  t.strictSame(Object.keys(wireFormat).map(Number).sort((a, b) => a - b), Object.values(MessageType))
  for (const [name, code] of Object.entries(MessageType)) t.equal(layoutOf(code).name, name.toUpperCase())
  const sent = (from: MessageLayout['from'][]): string[] => Object.values(MessageType).map(layoutOf).filter((layout) => from.includes(layout.from)).map(({ name }) => name)
  t.strictSame(sent(['client', 'both']), ['HELLO', 'ABORT', 'AUTHENTICATE', 'GOODBYE', 'ERROR', 'PUBLISH', 'SUBSCRIBE', 'UNSUBSCRIBE', 'CALL', 'CANCEL', 'REGISTER', 'UNREGISTER', 'YIELD'])
  t.strictSame(sent(['router', 'both']), ['WELCOME', 'ABORT', 'CHALLENGE', 'GOODBYE', 'ERROR', 'PUBLISHED', 'SUBSCRIBED', 'UNSUBSCRIBED', 'EVENT', 'RESULT', 'REGISTERED', 'UNREGISTERED', 'INVOCATION', 'INTERRUPT'])
})

t.test('an element contains a limited number of lists and dicts', async (t) => {
  const many = (count: number): unknown[] => Array.from({ length: count }, () => ({}))
  const deep = { a: [{ b: new OpaqueValue('cbor', 1, many(300)) }], c: many(600), d: new Uint8Array(5000), e: Array.from({ length: 5000 }, (_, i) => i) }
  t.equal(fault(16, 1, { x: many(999) }, 'com.example.t'), undefined)
  t.equal(fault(16, 1, deep, 'com.example.t'), undefined)
  const text = (name: string): string => `${name} contains more than 1000 lists and dicts`
  t.equal(fault(16, 1, { x: many(1000) }, 'com.example.t'), text('PUBLISH.options'))
  t.equal(fault(16, 1, { ...deep, f: many(100) }, 'com.example.t'), text('PUBLISH.options'))
  t.equal(fault(1, 'realm1', { roles: { caller: {} }, authextra: { x: many(1000) } }), text('HELLO.details'))
  t.equal(fault(5, 'x', { x: many(1000) }), text('AUTHENTICATE.extra'))
})
