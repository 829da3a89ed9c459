import { inTime, isThenable } from '../thenable.ts'

/** Milliseconds that a store may take. A slower store is useless, because browsers wait for it. */
export const DEADLINE = 5000

/** Runs an operation of a store. Rejects with its error, or if it takes longer than this number of milliseconds. */
export async function askStore<T> (ask: () => T | PromiseLike<T>, deadline = DEADLINE): Promise<T> {
  const answer = ask()
  if (!isThenable(answer)) return answer
  return await inTime(answer, deadline, () => new DOMException(`the cookie store did not answer in ${deadline} ms`, 'TimeoutError'))
}

/**
 * The entries of a store, in groups of this size. Rejects with its error, or if the next entry takes too long. `left` is called before the
 * store is awaited, and returns the number of milliseconds that it may take, or throws.
 */
export async function * runsOf<T> (entries: Iterable<T> | AsyncIterable<T>, length: number, left: () => number): AsyncGenerator<T[], void, void> {
  const iterator = Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]()
  let state: 'open' | 'over' = 'open'
  try {
    while (state === 'open') {
      const run: T[] = []
      left()
      while (run.length < length) {
        const step = iterator.next()
        // Most stores have entries available: a promise for each one would take longer than the rest.
        const { done, value } = isThenable(step) ? await askStore(() => step, left()) : step
        if (done === true) {
          state = 'over'
          break
        }
        run.push(value)
      }
      yield run
    }
  } finally {
    // Not awaited, because a store that hangs would never end.
    if (state === 'open') Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
