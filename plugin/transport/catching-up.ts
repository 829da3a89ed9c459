/** A peer that is behind, and who waits for it. */
export class CatchingUp {
  readonly #since = performance.now()
  readonly #waiting = new Set<() => void>()

  /** Resolves when the peer has caught up, or so many milliseconds after it fell behind; null if these are over. */
  within (patience: number): Promise<void> | null {
    const left = this.#since + patience - performance.now()
    if (left <= 0) return null
    return new Promise((resolve) => {
      const goOn = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(goOn)
        resolve()
      }
      const timer = setTimeout(goOn, left)
      this.#waiting.add(goOn)
    })
  }

  /** The peer has caught up, or is gone. */
  over (): void {
    for (const goOn of this.#waiting) goOn()
  }
}
