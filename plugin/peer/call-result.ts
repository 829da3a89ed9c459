import type { Args, Kwargs, Values } from '../protocol/values.ts'

/** A result with several args, or with kwargs. Calls resolve to it, and procedures return it. */
export class CallResult {
  /** The positional values. */
  declare readonly args: Args
  /** The keyword values. */
  declare readonly kwargs: Kwargs

  constructor (args: Args = [], kwargs: Kwargs = {}) {
    this.args = args
    this.kwargs = kwargs
  }
}

/** The value that a call resolves to: a single value, or a CallResult. */
export function valueOf ({ args, kwargs }: Values): unknown {
  return args.length > 1 || Object.keys(kwargs).length > 0 ? new CallResult(args, kwargs) : args[0]
}
