import { randomBytes } from 'node:crypto'
import { spend } from '../work.ts'
import { EncodingError } from './codec.ts'
import { MAX_INTEGER_BITS, narrow } from './integer.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const E = 0x65
/** The bit by which a small letter differs from its capital. */
const LOWER = 0x20

// Only a text with as many digits in a row can hold an integer that a Number would round.
const MANY_DIGITS = /\d{16}/
/** Characters of the shortest number that a Number might round. */
const SHORTEST_LONG = 16
const INTEGER = /^-?\d+$/
const MAX_DIGITS = Math.floor(MAX_INTEGER_BITS * Math.log10(2))
/** Units of work to parse a key of a dict, and to use it later, in addition to its octets. */
const UNITS_OF_KEY = 12
/** The same for a list or a dict. */
const UNITS_OF_CONTAINER = 2
/** Units of work to turn a string into an integer or octets. */
const UNITS_OF_REPLACED = 8
// Marks digits as a string, on their way through JSON.parse. No peer can guess it.
const MARK = `integer ${randomBytes(16).toString('hex')} `

/**
 * The values of JSON text that is valid. An integer that a Number would round becomes a BigInt, a string of U+0000 and
 * Base64 the octets that it stands for [advanced, Binary support in JSON].
 * Throws an EncodingError for an integer of more than MAX_INTEGER_BITS.
 */
export function parseValues (text: string): unknown {
  if (MANY_DIGITS.test(text)) {
    const values: unknown = JSON.parse(markIntegers(text))
    return replaceStrings(values, (given) => given.startsWith(MARK) ? integerOf(given.slice(MARK.length)) : octetsOf(given))
  }
  return withOctets(text, JSON.parse(text))
}

/** The values of a text, with octets in place of the strings that stand for them. */
function withOctets (text: string, values: unknown): unknown {
  return text.includes('\\u0000') ? replaceStrings(values, octetsOf) : values
}

/**
 * The values of text that need not be valid, of at most so many levels of lists and dicts.
 * Throws a SyntaxError for text that is no JSON, and an EncodingError for what is too deep or has too long an integer.
 */
export function readValues (text: string, maxDepth: number): unknown {
  const values: unknown = JSON.parse(text)
  if (isDeeper(values, maxDepth)) throw new EncodingError('it is nested too deeply')
  return MANY_DIGITS.test(text) ? parseValues(text) : withOctets(text, values)
}

/** True for a value with more levels of lists and dicts. */
export function isDeeper (value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return isListDeeper(value, levels - 1)
  let keys = 0
  let deeper = false
  for (const key in value) {
    keys++
    if ((deeper = isDeeper((value as Record<string, unknown>)[key], levels - 1))) break
  }
  spend(UNITS_OF_CONTAINER + keys * UNITS_OF_KEY)
  return deeper
}

function isListDeeper (list: readonly unknown[], levels: number): boolean {
  spend(UNITS_OF_CONTAINER)
  for (let i = 0; i < list.length; i++) {
    const item = list[i]
    if (typeof item === 'object' && isDeeper(item, levels)) return true
  }
  return false
}

/** The text with each integer that a Number would round as a marked string. */
function markIntegers (text: string): string {
  let marked = ''
  let copied = 0
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (character === QUOTE) {
      i = stringEnd(text, i)
    } else if (character === MINUS || (character >= ZERO && character <= NINE)) {
      const end = numberEnd(text, i)
      const number = end - i < SHORTEST_LONG ? '' : text.slice(i, end)
      if (INTEGER.test(number) && !Number.isSafeInteger(Number(number))) {
        if (number.length > MAX_DIGITS) throw new EncodingError('an integer is too long to be converted to another serializer')
        marked += `${text.slice(copied, i)}"${MARK}${number}"`
        copied = end
      }
      i = end - 1
    }
  }
  return marked + text.slice(copied)
}

function stringEnd (text: string, start: number): number {
  let i = start + 1
  while (text.charCodeAt(i) !== QUOTE) i += text.charCodeAt(i) === BACKSLASH ? 2 : 1
  return i
}

function numberEnd (text: string, start: number): number {
  let i = start + 1
  while (isOfNumber(text.charCodeAt(i))) i++
  return i
}

/** True for what stands within a number: digits, a point, an exponent and its sign. */
function isOfNumber (character: number): boolean {
  return (character >= ZERO && character <= NINE) || character === POINT || (character | LOWER) === E || character === PLUS || character === MINUS
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

function integerOf (digits: string): number | bigint {
  spend(UNITS_OF_REPLACED)
  return narrow(BigInt(digits))
}

/** True for a string that stands for octets: U+0000 and Base64. */
export function isOctetsText (value: unknown): value is string {
  return typeof value === 'string' && value.charCodeAt(0) === 0 && value.length % 4 === 1 && BASE64.test(value.slice(1))
}

/** The octets that a JSON string stands for, or the string itself if it is an ordinary one. */
function octetsOf (text: string): string | Buffer {
  if (text.charCodeAt(0) !== 0) return text
  spend(UNITS_OF_REPLACED)
  return isOctetsText(text) ? Buffer.from(text.slice(1), 'base64') : text
}

/** Replaces strings at any depth: values only, never keys. The containers have just been parsed, and are changed in place. */
function replaceStrings (value: unknown, replace: (text: string) => unknown): unknown {
  spend(1)
  if (typeof value === 'string') return replace(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = replaceStrings(value[i], replace)
    return value
  }
  const container = value as Record<string, unknown>
  // A parsed `__proto__` is a property of its own, and assigning to it sets that property.
  for (const key of Object.keys(container)) container[key] = replaceStrings(container[key], replace)
  return container
}
