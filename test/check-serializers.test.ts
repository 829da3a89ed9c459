import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampEndpoint, wampLongPoll, wampRawSocket } from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { resolveOptions } from '../plugin/resolve-options.ts'
import { textSerializer, v8Serializer } from './helper/custom-serializers.ts'

const realms = { realm1: { roles: { anonymous: { permissions: [] } } } }
const resolve = (...serializers: unknown[]) => () => resolveOptions({ realms, serializers } as unknown as FastifyWampOptions)
const isRefused = (path: string, message: RegExp | string = /.*/) => ({ code: 'WAMP_ERR_INVALID_OPTION', message: typeof message === 'string' ? `The option "${path}" ${message}` : message })

t.test('a serializer of the app stands beside the names of others', async (t) => {
  t.strictSame(resolve('json', v8Serializer, textSerializer)().endpoint.serializers, ['json', v8Serializer, textSerializer])
  class Inherited {
    readonly name = 'inherited'
    readonly more = { options: true }
    encode (message: readonly unknown[]): Uint8Array { return v8Serializer.encode(message) }
    decode (octets: Uint8Array): unknown { return v8Serializer.decode(octets) }
  }
  t.doesNotThrow(resolve(new Inherited()))
})

t.test('an entry that is neither a name nor an object is refused', async (t) => {
  for (const entry of ['bson', 5, null, [v8Serializer], () => v8Serializer]) {
    t.throws(resolve('json', entry), { code: 'WAMP_ERR_INVALID_OPTION', message: /^The option "serializers\[1\]" must be one of json, msgpack, cbor, or an object with "name", "encode" and "decode"/ }, String(entry))
  }
})

t.test('a member of a serializer that is wrong is named', async (t) => {
  for (const name of [undefined, '', 5, 'JSON', 'a.b', 'a,b', 'a b', '-a', 'ä', 'x'.repeat(41)]) {
    t.throws(resolve('json', { ...v8Serializer, name }), isRefused('serializers[1].name', 'must be a name of up to 40 lower-case letters, digits, "-" and "_"'), String(name))
  }
  for (const name of ['json', 'msgpack', 'cbor']) t.throws(resolve({ ...v8Serializer, name }), isRefused('serializers[0].name', `must be a name of its own: there is another serializer "${name}"`))
  t.throws(resolve(v8Serializer, { ...v8Serializer, rawSocketNumber: 13 }), isRefused('serializers[1].name', 'must be a name of its own: there is another serializer "v8"'))
  t.throws(resolve(v8Serializer, { ...v8Serializer, name: 'other' }), isRefused('serializers[1].rawSocketNumber', 'must be a number of its own: another serializer has the same'))
  for (const rawSocketNumber of [0, 3, 16, 4.5, '5', null]) {
    t.throws(resolve({ ...v8Serializer, rawSocketNumber }), isRefused('serializers[0].rawSocketNumber', 'must be a whole number from 4 to 15'), String(rawSocketNumber))
  }
  t.throws(resolve({ ...v8Serializer, binary: 'yes' }), isRefused('serializers[0].binary', 'must be true or false'))
  for (const member of ['encode', 'decode']) {
    for (const value of [undefined, null, 'x', {}]) t.throws(resolve('json', 'cbor', { ...v8Serializer, [member]: value }), isRefused(`serializers[2].${member}`, 'must be a function'))
  }
})

t.test('a serializer that cannot serialize and parse a message is refused when the app starts', async (t) => {
  const sample = '[1,"realm1",{"roles":{"caller":{}}}]'
  const refuses = (members: object, member: string, expected: string, serializer: object = v8Serializer): void => {
    t.throws(resolve('json', { ...serializer, ...members }), isRefused(`serializers[1].${member}`, expected), expected)
  }
  refuses({ encode: () => { throw new Error('no') } }, 'encode', `fails for the message ${sample}: Error: no`)
  refuses({ encode: () => 'text' }, 'encode', 'must return a Uint8Array, and not a string')
  refuses({ encode: () => undefined }, 'encode', 'must return a Uint8Array, and not undefined')
  refuses({ encode: async () => { throw new Error('later') } }, 'encode', 'must return a Uint8Array, and not a promise')
  refuses({ encode: () => Buffer.from('x') }, 'encode', 'must return a string, because "binary" is false, and not an object', textSerializer)
  refuses({ decode: () => { throw new Error('no') } }, 'decode', `fails for the message ${sample}: Error: no`)
  const faithless = 'must return the list that was given to "encode", with plain objects'
  for (const value of [undefined, null, [], [1, 'realm1', new Map()], Promise.reject(new Error('later'))]) refuses({ decode: () => value }, 'decode', faithless)
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  t.throws(resolve({ ...v8Serializer, decode: () => cyclic }), { code: 'WAMP_ERR_INVALID_OPTION', message: /^The option "serializers\[0\]\.decode" fails/ })
  refuses({ encode: (message: unknown[]) => { message.length = 0; return v8Serializer.encode(message) } }, 'decode', faithless)
  await new Promise((resolve) => { setImmediate(resolve) })
})

t.test('a serializer that alters octets or large integers without an error is refused when the app starts', async (t) => {
  const json = { name: 'text', binary: false, decode: JSON.parse } as const
  const refused = (kind: string, is: string) => isRefused('serializers[0].encode', `must throw for ${kind}, or "decode" must restore it: it returns ${is} that is not equal`)
  t.throws(resolve({ ...json, encode: JSON.stringify }), refused('a Uint8Array', 'an object'))
  const withoutOctets = (_key: string, value: unknown): unknown => { if (value instanceof Uint8Array) throw new TypeError('no octets'); return value }
  t.doesNotThrow(resolve({ ...json, encode: (message: unknown) => JSON.stringify(message, withoutOctets) }), 'an error is as good as the value')
  const rounded = (key: string, value: unknown): unknown => typeof value === 'bigint' ? Number(value) : withoutOctets(key, value)
  t.throws(resolve({ ...json, encode: (message: unknown) => JSON.stringify(message, rounded) }), refused('a BigInt', 'a number'))
})

t.test('the serializers of each kind of endpoint are checked', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  const wrong = { serializers: [{ ...v8Serializer, rawSocketNumber: 1 }] }
  const refused = isRefused('serializers[0].rawSocketNumber', 'must be a whole number from 4 to 15')
  t.throws(() => app.wampTransport(wrong), refused)
  for (const [plugin, options] of [[wampEndpoint, { path: '/other' }], [wampLongPoll, {}], [wampRawSocket, { port: 0 }]] as const) {
    await t.rejects(async () => { await app.register(plugin as typeof wampEndpoint, { ...options, ...wrong }) }, refused)
  }
})

t.test('a serializer needs a number for RawSocket', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms })
  const { rawSocketNumber, ...numberless } = v8Serializer
  t.equal(rawSocketNumber, 14)
  await t.rejects(async () => { await app.register(wampRawSocket, { port: 0, serializers: ['json', numberless] }) },
    isRefused('serializers[1].rawSocketNumber', 'is missing: RawSocket clients request a serializer by its number'))
})
