/** Positional arguments: the ordered values of a message. */
export type Args = unknown[]
/** Keyword arguments: the named values of a message. */
export type Kwargs = { [name: string]: unknown }

/** Args and kwargs as values. */
export interface Values {
  readonly args: Args
  readonly kwargs: Kwargs
}
