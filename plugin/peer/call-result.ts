import type { Args, Kwargs, Values } from '../protocol/values.ts'

/** A result of more than one value: several args, or any kwargs. Calls resolve to one, and procedures return one. */
export class CallResult {
  /** The positional values. */
  readonly args: Args
  /** The values by name. */
  readonly kwargs: Kwargs

  constructor (args: Args = [], kwargs: Kwargs = {}) {
    this.args = args
    this.kwargs = kwargs
  }
}

/** What a call resolves to: its one value, or a CallResult of several. */
export function valueOf ({ args, kwargs }: Values): unknown {
  return args.length > 1 || Object.keys(kwargs).length > 0 ? new CallResult(args, kwargs) : args[0]
}
