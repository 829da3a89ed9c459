/** The part of an AbortSignal that cancels a call. An AbortSignal takes longer to create than the call itself. */
export interface Cancellation extends Pick<AbortSignal, 'aborted' | 'throwIfAborted'> {
  readonly reason?: unknown
  addEventListener (event: 'abort', callback: () => void): void
  removeEventListener (event: 'abort', callback: () => void): void
}
