/** The maximum number of values that wait for the reader. */
const MOST_WAITING = 10_000

/** A queue of arriving values, for one reader that iterates over them. */
export class Stream<T> implements AsyncIterable<T> {
  #waiting: T[] = []
  /** Null until the stream has ended; then the error, if any. */
  #end: [] | [unknown] | null = null
  #wake = (): void => {}
  readonly #tooMany: (waiting: number) => Error

  /** `tooMany` creates the error for a reader that is too slow. */
  constructor (tooMany: (waiting: number) => Error) {
    this.#tooMany = tooMany
  }

  /** Adds a value. If too many values are waiting, the stream ends with an error. */
  put (value: T): void {
    if (this.#end !== null) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting = []
      return this.end(this.#tooMany(MOST_WAITING))
    }
    this.#waiting.push(value)
    this.#wake()
  }

  /** Ends the stream. The iteration first returns the waiting values, and then throws the error, if any. */
  end (...error: [] | [unknown]): void {
    if (this.#end !== null) return
    this.#end = error
    this.#wake()
  }

  async * [Symbol.asyncIterator] (): AsyncGenerator<T, void, void> {
    for (;;) {
      const values = this.#waiting
      this.#waiting = []
      yield * values
      if (this.#waiting.length > 0) continue
      if (this.#end !== null) {
        if (this.#end.length > 0) throw this.#end[0]
        return
      }
      await new Promise<void>((resolve) => { this.#wake = resolve })
    }
  }
}
