import type { Serializer, Values } from './peer.ts'

/** What a JavaScript client is given for comparable values. */
export function toNative ({ args, kwargs }: Values, serializer: Serializer): { args: unknown[], kwargs: Record<string, unknown> } {
  const convert = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(convert)
    if ('octets' in value) return octetsFor(serializer, Buffer.from(String(value.octets), 'hex'))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]))
  }
  return { args: args.map(convert), kwargs: convert(kwargs) as Record<string, unknown> }
}

/** The comparable form of what a JavaScript client hands out. */
export function fromNative (args: unknown, kwargs: unknown, serializer: Serializer): Values {
  const convert = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { integer: String(value) }
    if (typeof value === 'string' && serializer === 'json' && value.startsWith('\0')) return { octets: Buffer.from(value.slice(1), 'base64').toString('hex') }
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(convert)
    if (value instanceof Uint8Array) return { octets: Buffer.from(value).toString('hex') }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, convert(item)]))
  }
  return { args: convert(args ?? []) as unknown[], kwargs: convert(kwargs ?? {}) as Record<string, unknown> }
}

/** Neither JavaScript client converts octets for JSON: an app has to write them as the specification says. */
function octetsFor (serializer: Serializer, octets: Buffer): unknown {
  return serializer === 'json' ? `\0${octets.toString('base64')}` : octets
}
