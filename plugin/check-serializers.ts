import { isDeepStrictEqual } from 'node:util'
import type { WampSerializer } from './codec/wamp-serializer.ts'
import type { SerializerName } from './codec/codec.ts'
import { errors } from './errors.ts'

/** The names of the serializers of the router. */
const standard: readonly string[] = ['json', 'msgpack', 'cbor'] satisfies readonly SerializerName[]
/** The numbers of RawSocket that the router does not use itself. */
const [FIRST_NUMBER, LAST_NUMBER] = [4, 15]
/** A message that a serializer must be able to serialize and parse. */
const sample = [1, 'realm1', { roles: { caller: {} } }]

/** Values that many libraries change without an error. A serializer must restore them, or throw. */
const delicate: readonly (readonly [kind: string, value: unknown])[] = [['a Uint8Array', new Uint8Array([0, 1, 255])], ['a BigInt', 2n ** 62n + 1n]]

/** Checks an option `serializers` whose form has been checked. Throws WAMP_ERR_INVALID_OPTION with the path of what is wrong. */
export function checkSerializers (serializers: readonly (SerializerName | WampSerializer)[]): void {
  const [names, numbers] = [new Set(standard), new Set<number>()]
  for (const [i, serializer] of serializers.entries()) {
    if (typeof serializer === 'string') continue
    const refuse = (member: string, expected: string): never => { throw new errors.WAMP_ERR_INVALID_OPTION(`serializers[${i}].${member}`, expected) }
    checkMembers(serializer, refuse)
    const { name, rawSocketNumber } = serializer
    if (names.has(name)) refuse('name', `must be a name of its own: there is another serializer "${name}"`)
    names.add(name)
    if (rawSocketNumber !== undefined && numbers.has(rawSocketNumber)) refuse('rawSocketNumber', 'must be a number of its own: another serializer has the same')
    if (rawSocketNumber !== undefined) numbers.add(rawSocketNumber)
    checkResults(serializer, refuse)
    for (const [kind, value] of delicate) checkValue(serializer, kind, value, refuse)
  }
}

/** Checks that RawSocket clients can request each serializer. Throws WAMP_ERR_INVALID_OPTION. */
export function checkRawSocketNumbers (serializers: readonly (SerializerName | WampSerializer)[]): void {
  for (const [i, serializer] of serializers.entries()) {
    if (typeof serializer === 'object' && serializer.rawSocketNumber === undefined) {
      throw new errors.WAMP_ERR_INVALID_OPTION(`serializers[${i}].rawSocketNumber`, 'is missing: RawSocket clients request a serializer by its number')
    }
  }
}

type Refuse = (member: string, expected: string) => never

function checkMembers (serializer: WampSerializer, refuse: Refuse): void {
  const { name, binary, rawSocketNumber: number, encode, decode }: { readonly [K in keyof WampSerializer]: unknown } = serializer
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9_-]{0,39}$/.test(name)) refuse('name', 'must be a name of up to 40 lower-case letters, digits, "-" and "_"')
  if (binary !== undefined && typeof binary !== 'boolean') refuse('binary', 'must be true or false')
  if (number !== undefined && !(Number.isInteger(number) && Number(number) >= FIRST_NUMBER && Number(number) <= LAST_NUMBER)) {
    refuse('rawSocketNumber', `must be a whole number from ${FIRST_NUMBER} to ${LAST_NUMBER}`)
  }
  if (typeof encode !== 'function') refuse('encode', 'must be a function')
  if (typeof decode !== 'function') refuse('decode', 'must be a function')
}

/** Lets the serializer serialize and parse a message, so that an unsuitable one is found when the app starts. */
function checkResults (serializer: WampSerializer, refuse: Refuse): void {
  const encoded = tried(() => serializer.encode(structuredClone(sample)), (text) => refuse('encode', text))
  const isText = serializer.binary === false
  if (isText ? typeof encoded !== 'string' : !(encoded instanceof Uint8Array)) {
    refuse('encode', `must return ${isText ? 'a string, because "binary" is false' : 'a Uint8Array'}, and not ${kindOf(encoded)}`)
  }
  const decoded = tried(() => serializer.decode(encoded as string & Uint8Array), (text) => refuse('decode', text))
  if (tried(() => JSON.stringify(decoded), (text) => refuse('decode', text)) !== JSON.stringify(sample)) {
    refuse('decode', 'must return the list that was given to "encode", with plain objects')
  }
}

/** Lets the serializer serialize and parse a value, unless it throws an error: an altered value would reach other clients. */
function checkValue (serializer: WampSerializer, kind: string, value: unknown, refuse: Refuse): void {
  let restored: unknown
  try {
    const [, , details] = serializer.decode(serializer.encode(structuredClone([1, 'realm1', { value }])) as string & Uint8Array) as readonly [unknown, unknown, { readonly value: unknown }]
    restored = details.value
  } catch {
    return
  }
  if (!isDeepStrictEqual(asOctets(restored), value)) refuse('encode', `must throw for ${kind}, or "decode" must restore it: it returns ${kindOf(restored)} that is not equal`)
}

/** Octets as a Uint8Array, which a Buffer is equal to. */
function asOctets (value: unknown): unknown {
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}

function kindOf (value: unknown): string {
  if (value instanceof Promise) return 'a promise'
  return value === undefined || value === null ? String(value) : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`
}

/** The result of a function. A promise must not end the process if it rejects. */
function tried (act: () => unknown, refuse: (text: string) => never): unknown {
  try {
    const result = act()
    if (result instanceof Promise) result.catch(() => {})
    return result
  } catch (error) {
    return refuse(`fails for the message ${JSON.stringify(sample)}: ${String(error)}`)
  }
}
