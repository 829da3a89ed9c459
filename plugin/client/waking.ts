import { LONGEST_TIMER } from '../longest-timer.ts'

interface Target {
  addEventListener? (type: string, listener: () => void, options: { readonly signal: AbortSignal }): void
}

/**
 * Waits, but no longer than until the browser is online again, or its page is shown again: timers rest meanwhile.
 * What is returned ends the waiting at once, without calling `done`.
 */
export function waitAwake (milliseconds: number, done: () => void): () => void {
  const page = globalThis as Target & { readonly document?: Target & { readonly visibilityState?: string } }
  const { document } = page
  const waiting = new AbortController()
  const stop = (): void => {
    clearTimeout(timer)
    waiting.abort()
  }
  const awake = (): void => {
    stop()
    done()
  }
  const shown = (): void => { if (document?.visibilityState === 'visible') awake() }
  const timer = setTimeout(awake, Math.min(milliseconds, LONGEST_TIMER))
  page.addEventListener?.('online', awake, waiting)
  document?.addEventListener?.('visibilitychange', shown, waiting)
  return stop
}
