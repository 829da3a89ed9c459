import { setImmediate } from 'node:timers/promises'

/** The milliseconds of work between two turns of the event loop. */
const SLICE = 5

/** Counts the primes up to `last`, and reports the share that is done. Rejects and stops when the signal is aborted. */
export async function countPrimes (last: number, { signal, progress }: { signal: AbortSignal, progress: ((share: number) => void) | null }): Promise<number> {
  let count = 0
  let since = performance.now()
  for (let n = 2; n <= last; n++) {
    if (isPrime(n)) count++
    if (performance.now() - since < SLICE) continue
    progress?.(n / last)
    await setImmediate(undefined, { signal })
    since = performance.now()
  }
  return count
}

function isPrime (n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false
  }
  return true
}
