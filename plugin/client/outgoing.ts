import type { MessageCode } from '../protocol/message.ts'
import type { Args, Kwargs, Values } from '../protocol/values.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { layoutOf, readFields } from '../protocol/wire-format.ts'
import { isPlain } from '../protocol/wire-value.ts'
import { ClientError } from './client-error.ts'

/** A message that is as the wire table says. */
export function checked (message: readonly unknown[]): readonly unknown[] {
  try {
    readFields(layoutOf(message[0] as MessageCode), message)
    return message
  } catch (error) {
    throw error instanceof ProtocolViolation ? new ClientError('WAMP_ERR_INVALID_MESSAGE', error.message) : error
  }
}

/** Args and kwargs at the end of a message; those that are empty are left out [basic, Empty Arguments and Keyword Arguments]. */
export function tail ({ args, kwargs }: Values = { args: [], kwargs: {} }): (Args | Kwargs)[] {
  if (!Array.isArray(args)) throw new ClientError('WAMP_ERR_INVALID_MESSAGE', 'args must be a list: write [value] for one value')
  if (typeof kwargs !== 'object' || kwargs === null || !isPlain(kwargs)) throw new ClientError('WAMP_ERR_INVALID_MESSAGE', 'kwargs must be an object')
  if (Object.keys(kwargs).length > 0) return [args, kwargs]
  return args.length > 0 ? [args] : []
}
