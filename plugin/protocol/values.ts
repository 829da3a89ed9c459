/** Positional arguments: the values that a message carries in order. */
export type Args = unknown[]
/** Keyword arguments: the values that a message carries by name. */
export type Kwargs = { [name: string]: unknown }

/** Args and kwargs as values. */
export interface Values {
  readonly args: Args
  readonly kwargs: Kwargs
}
