import type { Dict } from '../protocol/message.ts'

/** Sends a context, such as that of a trace, along with the messages of the app's own sessions. */
export interface Propagation {
  /** The options of a CALL or PUBLISH that carry the active context, or null. */
  attributes (): Dict | null
  /** Runs a procedure or an event handler within the context from its details. */
  run<T> (details: Dict, work: () => T): T
}

/** The slot in which sessions look up the propagation, because an app may add it after sessions have been opened. */
export interface PropagationSlot { current: Propagation | null }
