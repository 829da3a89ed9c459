import { fromBase64, toBase64 } from './octets.ts'
import type { Serializer } from './serializer.ts'

const BASE64 = /^\0(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The serializer `wamp.2.json`, the default. Octets travel as U+0000 and Base64; a BigInt has no form. */
export function json (): Serializer {
  return {
    subprotocol: 'wamp.2.json',
    encode: (message) => JSON.stringify(message.some(hasOctets) ? withText(message) : message),
    decode: (data) => {
      if (typeof data !== 'string') throw new SyntaxError('the message is not text')
      const message: unknown = JSON.parse(data)
      // Only this escape can begin what stands for octets.
      return data.includes('"\\u0000') ? withOctets(message) : message
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

function withText (value: unknown): unknown {
  return value instanceof Uint8Array ? `\0${toBase64(value)}` : mapped(value, withText)
}

function withOctets (value: unknown): unknown {
  if (typeof value === 'string') return BASE64.test(value) ? fromBase64(value.slice(1)) : value
  return mapped(value, withOctets)
}

/** A list or dict with its items replaced; what has a form of its own, such as a Date, stays. */
function mapped (value: unknown, replace: (item: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(replace)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item)]))
}
