import type { Values } from '../protocol/values.ts'
import { isDict } from '../protocol/wire-value.ts'

/** Adds args and kwargs to a message; those that are empty are left out [basic, Empty Arguments and Keyword Arguments]. */
export function addValues (message: unknown[], { args, kwargs }: Values): void {
  if (!Array.isArray(args)) throw new TypeError('args must be a list')
  if (!isDict(kwargs)) throw new TypeError('kwargs must be an object')
  if (Object.keys(kwargs).length > 0) message.push(args, kwargs)
  else if (args.length > 0) message.push(args)
}
