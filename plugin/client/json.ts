import { fromBase64, toBase64 } from './octets.ts'
import type { Serializer } from './serializer.ts'

const BASE64 = /^\0[A-Za-z0-9+/]*={0,2}$/

/** The serializer `wamp.2.json`, the default. Octets travel as U+0000 and Base64; a BigInt has no form. */
export function json (): Serializer {
  return {
    subprotocol: 'wamp.2.json',
    encode: (message) => JSON.stringify(message, message.some(hasOctets) ? textOfOctets : undefined),
    decode: (data) => {
      if (typeof data !== 'string') throw new SyntaxError('the message is not text')
      // Only this escape can begin what stands for octets.
      return JSON.parse(data, data.includes('"\\u0000') ? octetsOfText : undefined)
    }
  }
}

function hasOctets (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array) return true
  if (Array.isArray(value)) return value.some(hasOctets)
  for (const key in value) if (hasOctets((value as Record<string, unknown>)[key])) return true
  return false
}

/** A Buffer has a `toJSON` of its own: what it was before counts. */
function textOfOctets (this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const given = this[key]
  return given instanceof Uint8Array ? `\0${toBase64(given)}` : value
}

function octetsOfText (_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length % 4 === 1 && BASE64.test(value) ? fromBase64(value.slice(1)) : value
}
