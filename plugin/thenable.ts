/** True for what can be awaited. Functions of the host may return anybody's promises. */
export function isThenable (value: unknown): value is PromiseLike<unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Waits for an answer of the host for so many milliseconds, then rejects with the error of `late`. Rejects also with what `then` throws;
 * what it says after its first word is ignored.
 */
export async function inTime<T> (answer: T | PromiseLike<T>, milliseconds: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    // What is late is no reason for the process to go on.
    timer = setTimeout(() => { reject(late()) }, milliseconds).unref()
  })
  try {
    return await Promise.race([answer, over])
  } finally {
    clearTimeout(timer)
  }
}
