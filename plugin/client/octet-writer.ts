import type { Octets } from './octets.ts'

const encoder = new TextEncoder()
/** The octets that are kept for the next message. */
const MOST_KEPT = 65_536

/** Octets that are written one after the other. */
export class OctetWriter {
  #octets = new Uint8Array(256)
  #view = new DataView(this.#octets.buffer)
  #length = 0

  /** Starts again, and returns what was written. */
  take (): Octets {
    const taken = this.#octets.slice(0, this.#length)
    this.#length = 0
    // One long message must not take memory forever.
    if (this.#octets.length > MOST_KEPT) this.#use(new Uint8Array(MOST_KEPT))
    return taken
  }

  /** Writes a first octet, and a value of 1, 2, 4 or 8 octets behind it. */
  head (first: number, size: 0 | 1 | 2 | 4 | 8 = 0, value: number | bigint = 0): void {
    const at = this.#grow(1 + size)
    this.#view.setUint8(at, first)
    if (size === 1) this.#view.setUint8(at + 1, Number(value))
    else if (size === 2) this.#view.setUint16(at + 1, Number(value))
    else if (size === 4) this.#view.setUint32(at + 1, Number(value))
    else if (size === 8) this.#view.setBigUint64(at + 1, BigInt.asUintN(64, BigInt(value)))
  }

  /** Writes a first octet, and a double behind it. */
  double (first: number, value: number): void {
    const at = this.#grow(9)
    this.#view.setUint8(at, first)
    this.#view.setFloat64(at + 1, value)
  }

  /** Writes octets. */
  octets (octets: Uint8Array): void {
    const at = this.#grow(octets.length)
    this.#octets.set(octets, at)
  }

  #grow (size: number): number {
    const at = this.#length
    this.#length += size
    if (this.#length > this.#octets.length) {
      const grown = new Uint8Array(2 * this.#length)
      grown.set(this.#octets)
      this.#use(grown)
    }
    return at
  }

  #use (octets: Octets): void {
    this.#octets = octets
    this.#view = new DataView(octets.buffer)
  }
}

/** How a serializer writes each kind of value. */
export interface Forms {
  /** Null, false and true. */
  readonly simple: readonly [nothing: number, no: number, yes: number]
  readonly double: number
  integer (writer: OctetWriter, value: number | bigint): void
  textHead (writer: OctetWriter, length: number): void
  octetsHead (writer: OctetWriter, length: number): void
  listHead (writer: OctetWriter, length: number): void
  dictHead (writer: OctetWriter, length: number): void
}

/** The deepest nesting of lists and dicts. Deeper values probably contain themselves. */
const DEEPEST = 500

/**
 * Writes a value, whose name in the enclosing list or dict is `key`. An object with `toJSON` is written as what that returns. Throws for a
 * function, a symbol, and a value that contains itself.
 */
export function writeValue (forms: Forms, writer: OctetWriter, value: unknown, key: string | number = '', depth = 0): void {
  switch (typeof value) {
    case 'undefined': return writer.head(forms.simple[0])
    case 'boolean': return writer.head(forms.simple[value ? 2 : 1])
    case 'bigint': return forms.integer(writer, value)
    case 'number': return Number.isSafeInteger(value) && !Object.is(value, -0) ? forms.integer(writer, value) : writer.double(forms.double, value)
    case 'string': {
      const octets = encoder.encode(value)
      forms.textHead(writer, octets.length)
      return writer.octets(octets)
    }
    case 'object': return value === null ? writer.head(forms.simple[0]) : writeObject(forms, writer, value, key, depth + 1)
    default: throw new TypeError(`"${key}": a ${typeof value} cannot be encoded`)
  }
}

function writeObject (forms: Forms, writer: OctetWriter, value: object, key: string | number, depth: number): void {
  if (depth > DEEPEST) throw new TypeError(`"${key}": a value contains itself`)
  if (value instanceof Uint8Array) {
    forms.octetsHead(writer, value.length)
    writer.octets(value)
  } else if ('toJSON' in value && typeof value.toJSON === 'function') {
    writeValue(forms, writer, value.toJSON(), key, depth)
  } else if (Array.isArray(value)) {
    forms.listHead(writer, value.length)
    for (let i = 0; i < value.length; i++) writeValue(forms, writer, value[i], i, depth)
  } else {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    forms.dictHead(writer, entries.length)
    for (const [key, item] of entries) {
      writeValue(forms, writer, key)
      writeValue(forms, writer, item, key, depth)
    }
  }
}
