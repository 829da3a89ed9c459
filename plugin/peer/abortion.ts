/** What is told of the end of a signal, by signal. Each has one listener: Node.js warns of a leak where there are more than ten. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>()

/** Has somebody told when a signal is aborted, if there is one; at once if it is aborted already. What is returned undoes that. */
export function onAbort (signal: AbortSignal | undefined, tell: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    tell()
    return () => {}
  }
  const told = callbacks.get(signal) ?? listen(signal)
  // A function of its own: the same one may be given twice.
  const callback = (): void => { tell() }
  told.add(callback)
  return () => { told.delete(callback) }
}

function listen (signal: AbortSignal): Set<() => void> {
  const told = new Set<() => void>()
  callbacks.set(signal, told)
  signal.addEventListener('abort', () => { for (const callback of told) callback() }, { once: true })
  return told
}
