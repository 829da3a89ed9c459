import { ProtocolViolation } from '../protocol/violation.ts'
import { EncodingError } from './codec.ts'

/** A dict that is being read. */
export type MutableDict = Record<string, unknown>

/**
 * A dict's key as a property's name. Other languages have integers as keys of application data: as in JSON they become
 * strings. Where `strict`, a key that is not a string is a ProtocolViolation [basic, Messages].
 */
export function keyOf (key: unknown, strict: boolean): string {
  if (typeof key === 'string') return key
  if (strict) throw new ProtocolViolation('a key of a dict is not a string')
  if (typeof key === 'number' || typeof key === 'bigint') return String(key)
  throw new EncodingError('a key that is neither a string nor a number cannot be represented in another serializer')
}
