import { inTime, isThenable } from '../thenable.ts'

/** Milliseconds that a store may take. Slower is as good as not there: browsers wait for it. */
const DEADLINE = 5000

/** Asks a store. Rejects with what it throws, and when it takes longer than so many milliseconds. */
export async function askStore<T> (ask: () => T | PromiseLike<T>, deadline = DEADLINE): Promise<T> {
  const answer = ask()
  if (!isThenable(answer)) return answer
  return await inTime(answer, deadline, () => new DOMException(`the cookie store did not answer in ${deadline} ms`, 'TimeoutError'))
}

/** The entries of a store, so many at a time. Rejects with what it throws, and when the next entry takes too long. */
export async function * runsOf<T> (entries: Iterable<T> | AsyncIterable<T>, length: number): AsyncGenerator<T[], void, void> {
  const iterator = Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]()
  let state: 'open' | 'over' = 'open'
  try {
    while (state === 'open') {
      const run: T[] = []
      while (run.length < length) {
        const step = iterator.next()
        // Most stores have entries at hand: a promise for each would take longer than the rest.
        const { done, value } = isThenable(step) ? await askStore(() => step) : step
        if (done === true) {
          state = 'over'
          break
        }
        run.push(value)
      }
      yield run
    }
  } finally {
    // Nobody waits for its end: a store that hangs would never tell.
    if (state === 'open') Promise.resolve(iterator.return?.()).catch(() => {})
  }
}
