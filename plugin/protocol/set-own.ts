const ZERO = 0x30
const NINE = 0x39

/** True for a name that may be an integer. */
export function isNumbered (key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= ZERO && first <= NINE
}

/**
 * Sets a property of data, whatever its name: `__proto__` is a name like any other. For small objects this is much faster than Object.fromEntries.
 * V8 stores properties with small integers as names in an array up to the largest one, so `{ 1020: 1 }` would take 12 000 bytes. If one
 * of them was not writable at first, an object stores all of them in a table.
 */
export function setOwn (target: Record<string, unknown>, key: string, value: unknown): void {
  if (isNumbered(key)) {
    Object.defineProperty(target, key, { value, writable: false, enumerable: true, configurable: true })
    Object.defineProperty(target, key, { writable: true })
  } else if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    target[key] = value
  }
}
