/** Octets of the head of a part: the number of the message, that of the part, and the number of parts, with 4 octets each. */
const HEAD = 12
/** The octets of the largest message that is put together again. */
const MOST_OCTETS = 64 * 2 ** 20

/** Divides messages that are longer than the engine between the nodes accepts. */
export class Divider {
  #last = 0

  /** The parts of a message, each with at most this number of octets. */
  divide (octets: Uint8Array, most: number): Buffer[] {
    this.#last = (this.#last + 1) % 2 ** 32
    const size = most - HEAD
    const count = Math.ceil(octets.length / size)
    return Array.from({ length: count }, (_, i) => {
      const piece = octets.subarray(i * size, (i + 1) * size)
      const part = Buffer.allocUnsafe(HEAD + piece.length)
      part.writeUInt32BE(this.#last)
      part.writeUInt32BE(i, 4)
      part.writeUInt32BE(count, 8)
      part.set(piece, HEAD)
      return part
    })
  }
}

/** Puts together the parts of messages, which come in order. A message of which a part is missing is dropped. */
export class Joiner {
  readonly #open = new Map<string, { readonly message: number, readonly count: number, readonly pieces: Buffer[], octets: number }>()

  /** Takes a part that came on a path. Returns the message with the last one, otherwise null. */
  join (path: string, part: Buffer): Buffer | null {
    if (part.length <= HEAD) return null
    const [message, index, count] = [part.readUInt32BE(), part.readUInt32BE(4), part.readUInt32BE(8)]
    if (index === 0) this.#open.set(path, { message, count, pieces: [], octets: 0 })
    const open = this.#open.get(path)
    if (open === undefined) return null
    const piece = part.subarray(HEAD)
    open.octets += piece.length
    if (open.message !== message || open.count !== count || open.pieces.length !== index || open.octets > MOST_OCTETS) {
      this.#open.delete(path)
      return null
    }
    open.pieces.push(Buffer.from(piece))
    if (open.pieces.length < count) return null
    this.#open.delete(path)
    return Buffer.concat(open.pieces)
  }

  /** Drops the messages whose parts have not all arrived. */
  clear (): void {
    this.#open.clear()
  }
}
