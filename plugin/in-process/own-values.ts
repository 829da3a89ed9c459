import { errors } from '../errors.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import { isPlain } from '../protocol/wire-value.ts'

/** Levels of lists and dicts: what is deeper is most likely within itself. */
const DEEPEST = 500

/**
 * Values of the app as data that is the router's own: the app may change its own afterwards. An object that has `toJSON` is
 * what that returns, as in a REST answer, and has no properties that are undefined; octets and BigInts stay what they are.
 * Throws WAMP_ERR_INVALID_MESSAGE where args are no list, kwargs no object, or something in them is no data.
 */
export function ownValues (args: Args, kwargs: Kwargs): { args: Args, kwargs: Kwargs } {
  if (!Array.isArray(args)) throw new errors.WAMP_ERR_INVALID_MESSAGE('args must be a list: write [value] for one value')
  if (typeof kwargs !== 'object' || kwargs === null || !isPlain(kwargs)) throw new errors.WAMP_ERR_INVALID_MESSAGE('kwargs must be an object')
  return { args: listOf(args, 0), kwargs: dictOf(kwargs, 0) }
}

function own (given: unknown, depth: number): unknown {
  const value = isSpoken(given) ? given.toJSON() : given
  switch (typeof value) {
    case 'function':
    case 'symbol': throw new errors.WAMP_ERR_INVALID_MESSAGE(`a ${typeof value} is no data`)
    case 'object': return value === null ? null : ownObject(value, depth + 1)
    default: return value
  }
}

/** True for an object that says itself what stands for it. A Buffer does, too, but octets have a form of their own. */
function isSpoken (value: unknown): value is { toJSON (): unknown } {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

function ownObject (value: object, depth: number): unknown {
  if (depth > DEEPEST) throw new errors.WAMP_ERR_INVALID_MESSAGE('the values are nested too deep, or within themselves')
  if (Array.isArray(value)) return listOf(value, depth)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  // As it came from a client: its serializer can write it.
  if (value instanceof OpaqueValue) return value
  if (!isPlain(value)) throw new errors.WAMP_ERR_INVALID_MESSAGE(`${Object.prototype.toString.call(value)} is no data`)
  return dictOf(value, depth)
}

function listOf (list: readonly unknown[], depth: number): unknown[] {
  return Array.from(list, (item) => own(item, depth))
}

function dictOf (value: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined).map(([key, item]) => [key, own(item, depth)]))
}
