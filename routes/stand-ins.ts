/**
 * Numbers and strings that stand for something that a schema cannot judge: the nearest Number for an integer beyond 2^53, and U+0000 and
 * Base64 for octets. They are noted before validation and replaced after it, wherever they are then: a validator may coerce or copy.
 */

/** The keys that lead to it, the value it stands for, and what a validator sees instead. */
export interface StandIn { readonly path: readonly string[], readonly value: bigint | Uint8Array, readonly plain: number | string }

/** Characters of the shortest integer beyond 2^53 as text, in decimal or hexadecimal. */
const SHORTEST = 16

/**
 * What in `given` is a stand-in for what is at the same place in `read`, a better reading of the same values (or the values themselves,
 * if there is none). `depth` is the most levels that are looked at: values that are not from JSON may even contain themselves.
 */
export function noteStandIns (given: unknown, read: unknown, depth: number): StandIn[] {
  const found: StandIn[] = []
  const path: string[] = []
  const seen = new Set<object>()
  const note = (given: unknown, read: unknown): void => {
    const standsFor = valueOf(given, read)
    if (standsFor !== null) found.push({ path: [...path], ...standsFor })
    if (!isContainer(given) || !isContainer(read) || seen.has(read) || path.length > depth) return
    seen.add(read)
    for (const [key, value] of Object.entries(read)) {
      // The host's parser may have left keys out, such as `__proto__`.
      if (!Object.hasOwn(given, key)) continue
      path.push(key)
      note(given[key], value)
      path.pop()
    }
  }
  note(given, read)
  return found
}

/** The value with a stand-in replaced, in place if it is within. It stays as it is if something else is there by now. */
export function restored (given: unknown, standIn: StandIn, level = 0): unknown {
  const key = standIn.path[level]
  if (key === undefined) return exactly(given, standIn)
  // Coercion has made a scalar of a list of one.
  if (!isContainer(given)) return key === '0' ? restored(given, standIn, level + 1) : given
  if (!Object.hasOwn(given, key)) return given
  const value = restored(given[key], standIn, level + 1)
  if (value !== given[key]) given[key] = value
  return given
}

/** A value by what coercion may have made of its stand-in: the same, text, or a list of one. */
function exactly (given: unknown, { value, plain }: StandIn): unknown {
  if (given === plain) return value
  if (typeof value === 'bigint' && given === String(plain)) return String(value)
  if (Array.isArray(given) && given.length === 1) given[0] = exactly(given[0], { path: [], value, plain })
  return given
}

function valueOf (given: unknown, read: unknown): Pick<StandIn, 'value' | 'plain'> | null {
  if (typeof read === 'bigint') return given === Number(read) ? { value: read, plain: given as number } : null
  if (read instanceof Uint8Array) return typeof given === 'string' && given.startsWith('\u0000') && Buffer.from(given.slice(1), 'base64').equals(read) ? { value: read, plain: given } : null
  if (typeof read !== 'string' || given !== read) return null
  const integer = integerOf(read)
  return integer === null ? null : { value: integer, plain: Number(read) }
}

/** The integer of a text that a schema may make a Number of, and that this Number would not be, or null. */
function integerOf (text: string): bigint | null {
  if (text.length < SHORTEST) return null
  const nearest = Number(text)
  if (!Number.isInteger(nearest) || Number.isSafeInteger(nearest)) return null
  const digits = text.trim().replace(/^\+/, '')
  return /^-?\d+$|^0[xob]/i.test(digits) ? BigInt(digits) : null
}

/** True for lists and plain objects, as parsers of queries make them, too: what else a host's parser makes, such as files, is left alone. */
function isContainer (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
