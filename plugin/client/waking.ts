interface Target {
  addEventListener? (type: string, listener: () => void): void
  removeEventListener? (type: string, listener: () => void): void
}

/**
 * Waits, but no longer than until the browser is online again, or its page is shown again: timers rest meanwhile.
 * What is returned ends the waiting at once, without calling `done`.
 */
export function waitAwake (milliseconds: number, done: () => void): () => void {
  const page = globalThis as Target & { readonly document?: Target & { readonly visibilityState?: string } }
  const { document } = page
  const awake = (): void => {
    stop()
    done()
  }
  const shown = (): void => { if (document?.visibilityState === 'visible') awake() }
  const timer = setTimeout(awake, milliseconds)
  page.addEventListener?.('online', awake)
  document?.addEventListener?.('visibilitychange', shown)
  const stop = (): void => {
    clearTimeout(timer)
    page.removeEventListener?.('online', awake)
    document?.removeEventListener?.('visibilitychange', shown)
  }
  return stop
}
