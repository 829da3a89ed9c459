const ZERO = 0x30
/** Integers below this are divided fastest. */
const SMALL = 1e8
const DIGITS_OF_SMALL = 8

/** The digits of 00 to 99, two octets each. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : (i - 1) / 2 % 10))

/** The number of decimal digits of a safe integer that is not negative. */
export function decimalDigits (value: number): number {
  let larger = 0
  let rest = value
  for (; rest >= SMALL; rest = Math.floor(rest / SMALL)) larger += DIGITS_OF_SMALL
  if (rest < 1e4) return larger + (rest < 100 ? (rest < 10 ? 1 : 2) : (rest < 1000 ? 3 : 4))
  return larger + (rest < 1e6 ? (rest < 1e5 ? 5 : 6) : (rest < 1e7 ? 7 : 8))
}

/**
 * Writes the decimal digits of such an integer, of which there are `digits`, and returns the index after them. This is several times faster
 * than to create a string, especially for random ids.
 */
export function writeDecimal (target: Uint8Array, at: number, value: number, digits: number): number {
  const end = at + digits
  let i = end
  let rest = value
  while (rest >= SMALL) {
    const larger = Math.floor(rest / SMALL)
    writeDigits(target, i - DIGITS_OF_SMALL, i, rest - larger * SMALL)
    i -= DIGITS_OF_SMALL
    rest = larger
  }
  writeDigits(target, at, i, rest)
  return end
}

/** Writes the last digits of an integer below 10^8, with leading zeros. */
function writeDigits (target: Uint8Array, start: number, end: number, value: number): void {
  let rest = value | 0
  let i = end
  while (i - start >= 2) {
    const larger = rest / 100 | 0
    const pair = 2 * (rest - 100 * larger)
    target[--i] = PAIRS[pair + 1]!
    target[--i] = PAIRS[pair]!
    rest = larger
  }
  if (i > start) target[start] = ZERO + rest
}
