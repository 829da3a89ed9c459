/** Slots per word. */
const WORD = 32

/** A set of slots, which are small numbers. Its memory is about proportional to its size: a single slot is stored as a number, a few as a Set, and many as bits. */
export class SlotSet {
  #size = 0
  #slots: number | Set<number> | Int32Array = -1
  /** The number of words for all members as bits. */
  #words = 0

  get size (): number {
    return this.#size
  }

  has (slot: number): boolean {
    const slots = this.#slots
    if (typeof slots === 'number') return slots === slot
    if (slots instanceof Int32Array) return hasBit(slots, slot)
    return slots.has(slot)
  }

  add (slot: number): void {
    if (this.has(slot)) return
    this.#size++
    this.#words = Math.max(this.#words, wordsFor(slot + 1))
    const slots = this.#slots
    if (slots instanceof Int32Array) this.#addBit(slots, slot)
    else if (this.#size === 1) this.#slots = slot
    else {
      const few = typeof slots === 'number' ? new Set([slots]) : slots
      this.#slots = few.add(slot)
      if (few.size >= this.#words) this.#slots = bitsOf(few, this.#words)
    }
  }

  delete (slot: number): void {
    if (!this.has(slot)) return
    this.#size--
    const slots = this.#slots
    if (typeof slots === 'number') this.#slots = -1
    else if (slots instanceof Set) {
      slots.delete(slot)
      if (slots.size === 1) this.#becomeFew([...slots])
    } else {
      slots[slot >>> 5]! &= ~bitOf(slot)
      // Far below the threshold for bits, so that the representation does not alternate.
      if (this.#size < slots.length / 4) this.#becomeFew(slotsOf(slots))
    }
  }

  /** Adds the members to a list. */
  listIn (list: number[]): void {
    const slots = this.#slots
    if (slots instanceof Int32Array) for (const slot of slotsOf(slots)) list.push(slot)
    else if (slots instanceof Set) for (const slot of slots) list.push(slot)
    else if (this.#size === 1) list.push(slots)
  }

  /** The members as bits, which may be fewer or more words than those of `spare`; `spare` is used if they are not stored as bits. */
  asBits (spare: Int32Array): Int32Array {
    const slots = this.#slots
    if (slots instanceof Int32Array) return slots
    spare.fill(0)
    if (slots instanceof Set) for (const slot of slots) spare[slot >>> 5]! |= bitOf(slot)
    else if (this.#size === 1) spare[slots >>> 5]! |= bitOf(slots)
    return spare
  }

  #addBit (bits: Int32Array, slot: number): void {
    if (this.#words <= bits.length) bits[slot >>> 5]! |= bitOf(slot)
    else if (this.#size < this.#words / 2) this.#becomeFew([...slotsOf(bits), slot])
    else {
      const more = new Int32Array(Math.max(this.#words, bits.length * 2))
      more.set(bits)
      more[slot >>> 5]! |= bitOf(slot)
      this.#slots = more
    }
  }

  #becomeFew (slots: readonly number[]): void {
    this.#words = slots.reduce((words, slot) => Math.max(words, wordsFor(slot + 1)), 0)
    this.#slots = slots.length === 1 ? slots[0]! : slots.length === 0 ? -1 : new Set(slots)
  }
}

/** The number of words for this number of slots as bits. */
export function wordsFor (slots: number): number {
  return Math.ceil(slots / WORD)
}

/** The slots whose bits are set, in ascending order. */
export function slotsOf (bits: Int32Array): number[] {
  const slots: number[] = []
  for (let i = 0; i < bits.length; i++) {
    for (let word = bits[i]!; word !== 0; word &= word - 1) slots.push(i * WORD + 31 - Math.clz32(word & -word))
  }
  return slots
}

function bitOf (slot: number): number {
  return 1 << (slot & 31)
}

function hasBit (bits: Int32Array, slot: number): boolean {
  const i = slot >>> 5
  return i < bits.length && (bits[i]! & bitOf(slot)) !== 0
}

function bitsOf (slots: Iterable<number>, words: number): Int32Array {
  const bits = new Int32Array(words)
  for (const slot of slots) bits[slot >>> 5]! |= bitOf(slot)
  return bits
}
