import type { InProcessSession } from '../in-process/in-process-session.ts'
import type { Api, ApiFrom, Contract } from './contract.ts'
import type { TypedMethods } from './typed-methods.ts'

/** A session of the app that only accepts the procedures and topics of an API. */
export interface TypedSession<A extends Api> extends Omit<InProcessSession, keyof TypedMethods<A>>, TypedMethods<A> {}

/** Returns the same session with the types of a contract or an API: `typed<typeof contract>(app.wamp.join('realm1'))`. The types are not checked at run time; use a contract for that. */
export function typed<A extends Api | Contract> (session: InProcessSession): TypedSession<ApiFrom<A>> {
  return session as unknown as TypedSession<ApiFrom<A>>
}
