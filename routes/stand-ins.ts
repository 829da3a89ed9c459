/**
 * Numbers and strings in place of values that a schema cannot validate: the nearest Number for an integer beyond 2^53, and U+0000 and
 * Base64 for octets. They are recorded before validation and replaced after it, at their new place, because a validator may coerce or
 * copy.
 */

/** The keys that lead to it, the actual value, and the value that a validator sees. */
export interface StandIn { readonly path: readonly string[], readonly value: bigint | Uint8Array, readonly plain: number | string }

/** The length of the shortest integer beyond 2^53 as text, in decimal or hexadecimal. */
const SHORTEST = 16

/**
 * The stand-ins in `given` for values at the same place in `read`, a more exact decoding of the same values (or the values themselves, if
 * there is none). `depth` is the maximum depth: values that are not from JSON may even contain themselves.
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
      // The host's parser may have removed keys, such as `__proto__`.
      if (!Object.hasOwn(given, key)) continue
      path.push(key)
      note(given[key], value)
      path.pop()
    }
  }
  note(given, read)
  return found
}

/** The value with a stand-in replaced, in place if it is nested. It is unchanged if there is now another value in its place. */
export function restored (given: unknown, standIn: StandIn, level = 0): unknown {
  const key = standIn.path[level]
  if (key === undefined) return exactly(given, standIn)
  // Coercion has converted a list of one to a scalar.
  if (!isContainer(given)) return key === '0' ? restored(given, standIn, level + 1) : given
  if (!Object.hasOwn(given, key)) return given
  const value = restored(given[key], standIn, level + 1)
  if (value !== given[key]) given[key] = value
  return given
}

/** A value in the form that coercion has given its stand-in: unchanged, text, or a list of one. */
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

/** The integer of a text that a schema may coerce to a Number, if the Number would not be exact; otherwise null. */
function integerOf (text: string): bigint | null {
  if (text.length < SHORTEST) return null
  const nearest = Number(text)
  if (!Number.isInteger(nearest) || Number.isSafeInteger(nearest)) return null
  const digits = text.trim().replace(/^\+/, '')
  return /^-?\d+$|^0[xob]/i.test(digits) ? BigInt(digits) : null
}

/** True for lists and plain objects, including those of query parsers. Other results of the host's parsers, such as files, are not changed. */
function isContainer (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
