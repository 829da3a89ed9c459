/** The callbacks for aborted signals, by signal. Each signal has one listener, because Node.js warns of a leak above ten. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls back when the signal, if any, is aborted, or at once if it is already aborted. Returns a function that cancels this. */
export function onAbort (signal: AbortSignal | undefined, tell: () => void): () => void {
  if (signal?.aborted) tell()
  else if (signal !== undefined) {
    const told = callbacks.get(signal) ?? listen(signal)
    // A separate function, because the same callback may be passed twice.
    const callback = (): void => { tell() }
    told.add(callback)
    return () => { told.delete(callback) }
  }
  return () => {}
}

function listen (signal: AbortSignal): Set<() => void> {
  const told = new Set<() => void>()
  callbacks.set(signal, told)
  signal.addEventListener('abort', () => { for (const callback of told) callback() }, { once: true })
  return told
}
