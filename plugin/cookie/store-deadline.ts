/** Milliseconds that a store may take. Slower is as good as not there: browsers wait for it. */
const DEADLINE = 5000

/** Asks a store. Rejects with what it throws, and when it takes too long. */
export async function askStore<T> (ask: () => T | Promise<T>): Promise<T> {
  const answer = ask()
  if (!(answer instanceof Promise)) return answer
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new DOMException(`the cookie store did not answer in ${DEADLINE} ms`, 'TimeoutError')) }, DEADLINE)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
