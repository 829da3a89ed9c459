const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The index of the first element of a list, in text that is a valid one. */
export function listStart (data: Buffer): number {
  // Most have no space before it, and a look costs less than a search.
  return data[0] === OPEN_BRACKET ? 1 : data.indexOf(OPEN_BRACKET) + 1
}

/** The index of the comma or bracket that ends the `count` values from `i` on, in text that is valid JSON. */
export function valuesEnd (data: Buffer, i: number, count: number): number {
  let depth = 0
  for (; ; i++) {
    switch (data[i]) {
      case QUOTE:
        for (i++; data[i] !== QUOTE; i++) if (data[i] === BACKSLASH) i++
        break
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth++
        break
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        if (depth-- === 0) return i
        break
      case COMMA:
        if (depth === 0 && --count === 0) return i
    }
  }
}

/** The index of the bracket that ends a list. */
export function listEnd (data: Buffer): number {
  return data[data.length - 1] === CLOSE_BRACKET ? data.length - 1 : data.lastIndexOf(CLOSE_BRACKET)
}

/** The index of the comma before a list's last element, which is an empty dict. */
export function commaBeforeEmptyDict (data: Buffer): number {
  return data.lastIndexOf(COMMA, data.lastIndexOf(OPEN_BRACE))
}

/** The index of the dict that follows a null at `i`. */
export function dictAfterNull (data: Buffer, i: number): number {
  return data.indexOf(OPEN_BRACE, i)
}
