/** A slow peer and the publishers that wait for it. Those with the same timeout share one promise and one timer. */
export class CatchingUp {
  readonly #since = performance.now()
  readonly #waits = new Map<number, { readonly promise: Promise<void>, readonly goOn: () => void }>()

  /** Resolves when the peer has caught up, or this many milliseconds after it fell behind; null if these are over. */
  within (patience: number): Promise<void> | null {
    const left = this.#since + patience - performance.now()
    if (left <= 0) return null
    const known = this.#waits.get(patience)
    if (known !== undefined) return known.promise
    let goOn = (): void => {}
    const promise = new Promise<void>((resolve) => {
      goOn = () => {
        clearTimeout(timer)
        this.#waits.delete(patience)
        resolve()
      }
    })
    const timer = setTimeout(goOn, left).unref()
    this.#waits.set(patience, { promise, goOn })
    return promise
  }

  /** Called when the peer has caught up or disconnected. */
  over (): void {
    for (const { goOn } of this.#waits.values()) goOn()
  }
}
