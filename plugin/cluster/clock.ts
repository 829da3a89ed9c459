/** A monotonic clock, which tests replace. */
export interface Clock {
  /** The time in milliseconds, from an arbitrary start. */
  now (): number
  /** Calls back in an interval of this many milliseconds, until the returned function is called. */
  every (milliseconds: number, callback: () => void): () => void
}

/** The clock of the process. Its intervals do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  every: (milliseconds, callback) => {
    const timer = setInterval(callback, milliseconds).unref()
    return () => { clearInterval(timer) }
  }
}
