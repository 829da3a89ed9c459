/** The number of texts that are kept, a power of two, and the maximum octets of one. */
const SLOTS = 256
const LONGEST = 64

/**
 * Reads ASCII texts that recur, such as URIs. A text that was read before is the same string: it is not created again, and neither its hash
 * nor a comparison is needed to look it up in a Map. Texts of clients replace each other, so they cannot use up memory.
 */
export class KnownTexts {
  readonly #texts = Array.from({ length: SLOTS }, () => '')

  /** The text between two indices. */
  read (data: Buffer, start: number, end: number): string {
    const length = end - start
    if (length === 0 || length > LONGEST) return data.toString('latin1', start, end)
    const slot = (31 * data[start]! + 17 * data[start + (length >> 1)]! + 7 * data[end - 1]! + length) % SLOTS
    if (!isText(data, start, length, this.#texts[slot]!)) this.#texts[slot] = data.toString('latin1', start, end)
    return this.#texts[slot]!
  }
}

function isText (data: Buffer, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== data[start + i]) return false
  return true
}
