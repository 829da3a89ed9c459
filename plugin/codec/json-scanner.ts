import { noDetails } from '../protocol/message.ts'
import { KnownTexts } from './known-texts.ts'

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
/** The bit by which a small letter differs from its capital. */
const LOWER = 0x20
const [E, F, N, T] = [0x65, 0x66, 0x6e, 0x74]
/** The index of what is not plain. */
const NOWHERE = -1
/** All integers with this number of digits are exact, and less than the greatest id. */
const MOST_DIGITS = 15
const [TRUE, FALSE, NULL] = [Buffer.from('true'), Buffer.from('false'), Buffer.from('null')]

/** 1 for each octet that represents itself in a text: printable ASCII without quotes and backslashes. */
const plain = new Uint8Array(256).fill(1, 0x20, 0x7f)
plain[QUOTE] = plain[BACKSLASH] = 0

/** No data: that of the last message would otherwise stay in memory. */
const nothing = Buffer.alloc(0)

/**
 * Reads and checks the plain form of JSON, as `JSON.stringify` writes most messages: ASCII without spaces between values and without escapes.
 * Anything else is valid or invalid JSON, which is not decided here. Args and kwargs are not decoded, so a short message takes a third of
 * the time of `JSON.parse`. One scanner serves many messages: `open` begins a new one, and `close` ends it.
 */
export class JsonScanner {
  readonly #texts = new KnownTexts()
  #data: Buffer = nothing
  #at = 0

  /** Opens the list of a message, and returns its code; -1 if that is not plain. */
  open (data: Buffer): number {
    this.#data = data
    this.#at = 1
    return data[0] === OPEN_BRACKET ? this.#integer() ?? NOWHERE : NOWHERE
  }

  /** Releases the message. */
  close (): void {
    this.#data = nothing
  }

  /** The index of the next octet; -1 after anything that is not plain. */
  get position (): number { return this.#at }

  /** True if the message ends here, as does the data. */
  get isAtEnd (): boolean {
    return this.#data[this.#at] === CLOSE_BRACKET && this.#at === this.#data.length - 1
  }

  /** Moves over a comma. False if something else comes. */
  comma (): boolean {
    if (this.#data[this.#at] !== COMMA) return false
    this.#at++
    return true
  }

  /** Reads a text, an integer that is not negative, or a dict with at most `depth` levels; undefined for anything else. */
  value (depth: number): unknown {
    const data = this.#data
    const start = this.#at
    switch (data[start]) {
      case QUOTE:
        this.#at = textEnd(data, start)
        return this.#at === NOWHERE ? undefined : this.#texts.read(data, start + 1, this.#at - 1)
      case OPEN_BRACE:
        this.#at = valueEnd(data, start, depth)
        if (this.#at === NOWHERE) return undefined
        return this.#at === start + 2 ? noDetails : JSON.parse(data.toString('latin1', start, this.#at))
      default: return this.#integer()
    }
  }

  /** Moves over a list with at most `depth` levels. Returns its octets; -1 for anything else. */
  list (depth: number): number {
    return this.#data[this.#at] === OPEN_BRACKET ? this.#skip(depth) : NOWHERE
  }

  /** Moves over a dict with at most `depth` levels. Returns its octets; -1 for anything else. */
  dict (depth: number): number {
    return this.#data[this.#at] === OPEN_BRACE ? this.#skip(depth) : NOWHERE
  }

  #skip (depth: number): number {
    const start = this.#at
    this.#at = valueEnd(this.#data, start, depth)
    return this.#at === NOWHERE ? NOWHERE : this.#at - start
  }

  #integer (): number | undefined {
    const data = this.#data
    const start = this.#at
    let value = 0
    for (let octet = data[start]; isDigit(octet); octet = data[++this.#at]) value = 10 * value + octet - ZERO
    const digits = this.#at - start
    return digits === 0 || digits > MOST_DIGITS || (data[start] === ZERO && digits > 1) ? undefined : value
  }
}

function isDigit (octet: number | undefined): octet is number {
  return octet !== undefined && octet >= ZERO && octet <= NINE
}

/** The index after the value that begins here, if it is plain and has at most `depth` levels of lists and dicts. */
function valueEnd (data: Buffer, start: number, depth: number): number {
  switch (data[start]) {
    case QUOTE: return textEnd(data, start)
    case OPEN_BRACKET: return depth > 0 ? listEnd(data, start, depth - 1) : NOWHERE
    case OPEN_BRACE: return depth > 0 ? dictEnd(data, start, depth - 1) : NOWHERE
    case T: return literalEnd(data, start, TRUE)
    case F: return literalEnd(data, start, FALSE)
    case N: return literalEnd(data, start, NULL)
    default: return numberEnd(data, start)
  }
}

function textEnd (data: Buffer, start: number): number {
  let at = start + 1
  while (plain[data[at]!] === 1) at++
  return data[at] === QUOTE ? at + 1 : NOWHERE
}

/** `depth` is the maximum number of levels of its items. */
function listEnd (data: Buffer, start: number, depth: number): number {
  let at = start + 1
  if (data[at] === CLOSE_BRACKET) return at + 1
  while ((at = valueEnd(data, at, depth)) !== NOWHERE && data[at] === COMMA) at++
  return data[at] === CLOSE_BRACKET ? at + 1 : NOWHERE
}

/** `depth` is the maximum number of levels of its values. */
function dictEnd (data: Buffer, start: number, depth: number): number {
  let at = start + 1
  if (data[at] === CLOSE_BRACE) return at + 1
  while ((at = entryEnd(data, at, depth)) !== NOWHERE && data[at] === COMMA) at++
  return data[at] === CLOSE_BRACE ? at + 1 : NOWHERE
}

function entryEnd (data: Buffer, start: number, depth: number): number {
  const colon = data[start] === QUOTE ? textEnd(data, start) : NOWHERE
  return data[colon] === COLON ? valueEnd(data, colon + 1, depth) : NOWHERE
}

function numberEnd (data: Buffer, start: number): number {
  const whole = data[start] === MINUS ? start + 1 : start
  let at = digitsEnd(data, whole)
  if (data[whole] === ZERO && at > whole + 1) return NOWHERE
  if (data[at] === POINT) at = digitsEnd(data, at + 1)
  if ((data[at]! | LOWER) !== E) return at
  const isSigned = data[at + 1] === PLUS || data[at + 1] === MINUS
  return digitsEnd(data, isSigned ? at + 2 : at + 1)
}

/** The index after one digit or more. */
function digitsEnd (data: Buffer, start: number): number {
  let at = start
  while (isDigit(data[at])) at++
  return at === start ? NOWHERE : at
}

function literalEnd (data: Buffer, start: number, literal: Buffer): number {
  for (let i = 1; i < literal.length; i++) if (data[start + i] !== literal[i]) return NOWHERE
  return start + literal.length
}
