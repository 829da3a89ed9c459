import type { Dict } from '../protocol/message.ts'

/** Takes a context, such as that of a trace, along with the messages of the app's own sessions. */
export interface Propagation {
  /** What the options of a CALL or PUBLISH carry of the context at work, or null. */
  attributes (): Dict | null
  /** Runs a procedure, or the handler of an event, within the context that its details carry. */
  run<T> (details: Dict, work: () => T): T
}

/** Where sessions look for it: an app may ask for one when sessions are open already. */
export interface PropagationSlot { current: Propagation | null }
