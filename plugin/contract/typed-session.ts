import { errors } from '../errors.ts'
import type { InProcessSession } from '../in-process/in-process-session.ts'
import type { Api, ApiFrom, Contract } from './contract.ts'
import type { TypedMethods } from './typed-methods.ts'

/** A session of the app that only accepts the procedures and topics of an API. */
export interface TypedSession<A extends Api> extends Omit<InProcessSession, keyof TypedMethods<A>>, TypedMethods<A> {}

/** Returns the same session with the types of a contract or an API: `typed<typeof contract>(app.wamp.join('realm1'))`. The types are not checked at run time; use a contract for that. Throws WAMP_ERR_INVALID_OPTION for a value that is not a session. */
export function typed<A extends Api | Contract> (session: InProcessSession): TypedSession<ApiFrom<A>> {
  if (typeof (session as Partial<InProcessSession> | null | undefined)?.call !== 'function') throw new errors.WAMP_ERR_INVALID_OPTION('session', 'must be a session, such as app.wamp.join("realm1")')
  return session as unknown as TypedSession<ApiFrom<A>>
}
