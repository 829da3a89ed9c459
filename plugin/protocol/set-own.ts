const ZERO = 0x30
const NINE = 0x39

/** True for a name that may be an integer. */
export function isNumbered (key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= ZERO && first <= NINE
}

/** Integers that are certain to be stored in the same way. `01` and long ones are names like any other. */
const INTEGER = /^[1-9]\d{0,8}$/

/**
 * Sets a property of data, whatever its name: `__proto__` is a name like any other. For small objects this is much faster than Object.fromEntries.
 * V8 stores properties with small integers as names in an array up to the largest one, so `{ 1020: 1 }` would take 12 000 bytes. If one
 * of them was not writable at first, an object stores all of them in a table. Returns true if this object does; `hasTable` is what the last
 * call for the object returned, because this takes long.
 */
export function setOwn (target: Record<string, unknown>, key: string, value: unknown, hasTable = false): boolean {
  if (isNumbered(key) && !hasTable) {
    Object.defineProperty(target, key, { value, writable: false, enumerable: true, configurable: true })
    Object.defineProperty(target, key, { writable: true })
    return INTEGER.test(key)
  }
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    target[key] = value
  }
  return hasTable
}
