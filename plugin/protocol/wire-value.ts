import type { Dict } from './message-options.ts'
import { isId } from './id.ts'
import { OpaqueValue } from './opaque-value.ts'

/** Validates an element. Returns true, false, or a description of the fault that completes a sentence after the field's name. */
export type Check = (value: unknown) => boolean | string

export function isString (value: unknown): value is string {
  return typeof value === 'string'
}

/** The maximum number of characters of an attribute that is forwarded. */
const LONGEST_ATTRIBUTE = 1024

/** A string that is forwarded unchanged to any number of receivers. */
export function isAttribute (value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ATTRIBUTE
}

export function isBoolean (value: unknown): value is boolean {
  return typeof value === 'boolean'
}

/** A dict, which all codecs decode as a plain object. Codecs have rejected keys that are not strings. */
export function isDict (value: unknown): value is Dict {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A dict, or null instead of one. */
export function isDictOrNull (value: unknown): value is Dict | null {
  return value === null || isDict(value)
}

/** True if the value contains a BigInt, in lists and dicts at any depth. */
export function hasBigInt (value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasBigInt)
  return typeof value === 'bigint' || (isDict(value) && Object.values(value).some(hasBigInt))
}

/**
 * The maximum number of lists, dicts and other objects in an element of a message, such as its options. On the wire, each may be a single octet; in
 * memory it takes sixty times as much, which counts nowhere while the message waits.
 */
export const MOST_OBJECTS = 1000

/** True if an element contains so many objects, at any depth. */
export function hasManyObjects (element: unknown): boolean {
  return typeof element === 'object' && element !== null && objectsLeft(element, MOST_OBJECTS) < 0
}

/** How many objects may follow those in this one; negative if it has too many itself. */
function objectsLeft (container: object, most: number): number {
  const content = container instanceof OpaqueValue ? [container.content] : container
  // An index for each octet would take long.
  if (content instanceof Uint8Array) return most
  let left = most
  for (const item of Array.isArray(content) ? content as unknown[] : Object.values(content)) {
    if (typeof item === 'object' && item !== null) left = objectsLeft(item, left - 1)
    if (left < 0) break
  }
  return left
}

/** True for an object that is encoded as a dict; false for a Map, an ArrayBuffer etc. */
export function isPlain (value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.prototype.toString.call(value) === '[object Object]'
}

export function isNaturalNumber (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isPositiveInteger (value: unknown): value is number {
  return isNaturalNumber(value) && value > 0
}

/** The realm of HELLO. The handshake checks whether it is a URI, because that has a separate ABORT. */
export function isUriOrNull (value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

export function isIdOrZero (value: unknown): value is number {
  return value === 0 || isId(value)
}

/** The request type of an ERROR from a client: only that of INVOCATION [basic, Message Codes and Direction]. */
export function isErrorType (value: unknown): value is 68 {
  return value === 68
}

/** The request type of an ERROR from the router: that of the answered request. */
export function isRequestType (value: unknown): boolean {
  return [16, 32, 34, 48, 64, 66].includes(value as number)
}

export function listOf (check: Check): Check {
  return (value) => Array.isArray(value) && value.every((item) => check(item) === true)
}

export function oneOf (...values: readonly string[]): Check {
  return (value) => values.includes(value as string) || ` must be one of ${values.join(', ')}`
}

/**
 * A dict whose known keys have valid values. Unknown keys are ignored [basic, Extensibility]. Undefined, which CBOR can represent, is
 * treated as absent; null is invalid.
 */
export function optionsOf (known: Readonly<Record<string, Check>>): Check {
  const checks = new Map(Object.entries(known))
  return (value) => {
    if (!isDict(value)) return ' must be a dict'
    for (const key in value) {
      const option = value[key]
      const result = option === undefined ? true : checks.get(key)?.(option) ?? true
      if (result !== true) return `.${key}${faultOf(result)}`
    }
    return true
  }
}

/** The fault of an element whose check did not return true. */
export function faultOf (result: string | false): string {
  return result === false ? ' is invalid' : result
}
