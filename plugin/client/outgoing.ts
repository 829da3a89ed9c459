import type { Args, Kwargs, Values } from '../protocol/values.ts'
import { isDict } from '../protocol/wire-value.ts'
import { ClientError } from './client-error.ts'

/** Args and kwargs at the end of a message; those that are empty are left out [basic, Empty Arguments and Keyword Arguments]. */
export function tail ({ args, kwargs }: Values = { args: [], kwargs: {} }): (Args | Kwargs)[] {
  if (!Array.isArray(args) || !isDict(kwargs)) throw new ClientError('WAMP_ERR_INVALID_MESSAGE', 'args must be a list, kwargs an object')
  if (Object.keys(kwargs).length > 0) return [args, kwargs]
  return args.length > 0 ? [args] : []
}
