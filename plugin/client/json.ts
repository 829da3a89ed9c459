import { fromBase64, toBase64 } from './octets.ts'
import type { Serializer } from './serializer.ts'

const BASE64 = /^\0[A-Za-z0-9+/]*={0,2}$/

/** The serializer `wamp.2.json`, the default. Binary values are sent as U+0000 and Base64. BigInts cannot be represented. */
export function json (): Serializer {
  return {
    subprotocol: 'wamp.2.json',
    // A replacer takes several times as long.
    encode: (message) => JSON.stringify(message, needsForm(message) ? formOf : undefined),
    // Only this escape can begin a string that represents octets. Data that are not text have no `match`, and throw.
    decode: (data) => JSON.parse(data as string, (data as string).match(/"\\u0000/) === null ? undefined : octetsOfText)
  }
}

/** Functions, symbols and BigInts, by their `typeof`. JSON.stringify would leave out most of them. */
const noData = /^(f|sy|bi)/

/** True for what JSON.stringify would leave out or write in another form, and for what is too deep to be looked at: it may be endless. */
function needsForm (value: unknown, depth = 9): boolean {
  if (typeof value !== 'object' || value === null) return noData.test(typeof value)
  return depth === 0 || value instanceof Uint8Array || Object.values(value).some((item) => needsForm(item, depth - 1))
}

/** A Buffer has a `toJSON` of its own: what it was before counts. */
function formOf (this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const given = this[key]
  if (noData.test(typeof value)) throw new TypeError(`"${key}": a ${typeof value} cannot be encoded`)
  return given instanceof Uint8Array ? `\0${toBase64(given)}` : value
}

function octetsOfText (_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length % 4 === 1 && BASE64.test(value) ? fromBase64(value.slice(1)) : value
}
