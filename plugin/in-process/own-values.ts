import { errors } from '../errors.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { isPlain } from '../protocol/wire-value.ts'

/** Levels of lists and dicts: deeper ones would exhaust the stack. */
const DEEPEST = 500

/**
 * Values of the app as data that is the router's own: the app may change its own afterwards. An object that has `toJSON` is
 * what that returns, as in a REST answer, and has no properties that are undefined; octets and BigInts stay what they are.
 * Throws WAMP_ERR_INVALID_MESSAGE where args are no list, kwargs no object, or something in them is no data.
 */
export function ownValues (args: Args, kwargs: Kwargs): { args: Args, kwargs: Kwargs } {
  if (!Array.isArray(args)) throw new errors.WAMP_ERR_INVALID_MESSAGE('args must be a list: write [value] for one value')
  if (typeof kwargs !== 'object' || kwargs === null || !isPlain(kwargs)) throw new errors.WAMP_ERR_INVALID_MESSAGE('kwargs must be an object')
  return { args: listOf(args, new Set([args])), kwargs: dictOf(kwargs, new Set([kwargs])) }
}

/** `within` are the lists and dicts around the value, and `key` is its name there. */
function own (given: unknown, key: string, within: Set<object>): unknown {
  const value = isSpoken(given) ? given.toJSON(key) : given
  switch (typeof value) {
    case 'function':
    case 'symbol': throw new errors.WAMP_ERR_INVALID_MESSAGE(`a ${typeof value} is no data`)
    case 'object': return value === null ? null : ownObject(value, within)
    default: return value
  }
}

/** True for an object that says itself what stands for it. A Buffer does, too, but octets have a form of their own. */
function isSpoken (value: unknown): value is { toJSON (key: string): unknown } {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

function ownObject (value: object, within: Set<object>): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  // As it came from a client: its serializer can write it.
  if (value instanceof OpaqueValue) return value
  if (!Array.isArray(value) && !isPlain(value)) throw new errors.WAMP_ERR_INVALID_MESSAGE(`${Object.prototype.toString.call(value)} is no data`)
  if (within.has(value)) throw new errors.WAMP_ERR_INVALID_MESSAGE('a value is within itself')
  if (within.size > DEEPEST) throw new errors.WAMP_ERR_INVALID_MESSAGE('the values are nested too deep')
  within.add(value)
  const copy = Array.isArray(value) ? listOf(value, within) : dictOf(value, within)
  within.delete(value)
  return copy
}

function listOf (list: readonly unknown[], within: Set<object>): unknown[] {
  return Array.from(list, (item, i) => own(item, String(i), within))
}

function dictOf (value: object, within: Set<object>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, own(item, key, within)]).filter(([, item]) => item !== undefined))
}
