import { errors } from '../errors.ts'
import { OpaqueValue } from '../protocol/opaque-value.ts'
import type { Args, Kwargs } from '../protocol/payload.ts'
import { setOwn } from '../protocol/set-own.ts'
import { isPlain } from '../protocol/wire-value.ts'

/** The maximum depth of lists and dicts. Deeper ones would exhaust the stack. */
const DEEPEST = 500

/**
 * Copies values of the app, so that the app may change its own afterwards. As in a REST response, `toJSON` is honored and undefined
 * properties are omitted. Octets and BigInts are kept. Throws WAMP_ERR_INVALID_MESSAGE if args is not a list, kwargs is not an object, or
 * a value cannot be serialized, which names the argument.
 */
export function ownValues (args: Args, kwargs: Kwargs): { args: Args, kwargs: Kwargs } {
  if (!Array.isArray(args)) throw new errors.WAMP_ERR_INVALID_MESSAGE('args must be a list: write [value] for one value')
  if (typeof kwargs !== 'object' || kwargs === null || !isPlain(kwargs)) throw new errors.WAMP_ERR_INVALID_MESSAGE('kwargs must be an object')
  try {
    return { args: listOf(args, new Set([args])), kwargs: dictOf(kwargs, new Set([kwargs])) }
  } catch (error) {
    throw error instanceof Unserializable ? new errors.WAMP_ERR_INVALID_MESSAGE(`${placeOf(args, kwargs)}: ${error.message}`) : error
  }
}

/** A value that cannot be serialized. */
class Unserializable extends Error {}

/** The argument that cannot be serialized. */
function placeOf (args: Args, kwargs: Kwargs): string {
  const position = args.findIndex((value) => isUnserializable(value, args))
  return position !== -1 ? `args[${position}]` : `kwargs.${Object.keys(kwargs).find((name) => isUnserializable(kwargs[name], kwargs))}`
}

function isUnserializable (value: unknown, list: object): boolean {
  try {
    own(value, '', new Set([list]))
    return false
  } catch {
    return true
  }
}

/** `within` contains the enclosing lists and dicts, and `key` is the name of the value in the innermost one. */
function own (given: unknown, key: string, within: Set<object>): unknown {
  const value = isSpoken(given) ? given.toJSON(key) : given
  switch (typeof value) {
    case 'function':
    case 'symbol': throw new Unserializable(`a ${typeof value} cannot be serialized`)
    case 'object': return value === null ? null : ownObject(value, within)
    default: return value
  }
}

/** True for an object with `toJSON`, except a Buffer, because octets have their own representation. */
function isSpoken (value: unknown): value is { toJSON (key: string): unknown } {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && typeof (value as { toJSON?: unknown }).toJSON === 'function'
}

function ownObject (value: object, within: Set<object>): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  // A value received from a client, which its serializer can encode.
  if (value instanceof OpaqueValue) return value
  if (!Array.isArray(value) && !isPlain(value)) throw new Unserializable(`${Object.prototype.toString.call(value)} cannot be serialized`)
  if (within.has(value)) throw new Unserializable('a value contains itself')
  if (within.size > DEEPEST) throw new Unserializable('the values are nested too deeply')
  within.add(value)
  const copy = Array.isArray(value) ? listOf(value, within) : dictOf(value, within)
  within.delete(value)
  return copy
}

function listOf (list: readonly unknown[], within: Set<object>): unknown[] {
  const copy: unknown[] = []
  // A hole of a sparse list becomes undefined.
  for (let i = 0; i < list.length; i++) copy.push(own(list[i], String(i), within))
  return copy
}

function dictOf (value: object, within: Set<object>): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  let hasTable = false
  for (const [key, given] of Object.entries(value)) {
    const item = own(given, key, within)
    if (item !== undefined) hasTable = setOwn(copy, key, item, hasTable)
  }
  return copy
}
