/** True for awaitable values. Functions of the host may return promises of any implementation. */
export function isThenable (value: unknown): value is PromiseLike<unknown> {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Waits for a result of the host for this many milliseconds, then rejects with the error of `late`. Also rejects with errors thrown by
 * `then`. Only its first call of a callback counts.
 */
export async function inTime<T> (answer: T | PromiseLike<T>, milliseconds: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    // The timeout does not keep the process alive.
    timer = setTimeout(() => { reject(late()) }, milliseconds).unref()
  })
  try {
    return await Promise.race([answer, over])
  } finally {
    clearTimeout(timer)
  }
}
