import type { ApiFrom, Api, Contract } from '../contract/contract.ts'
import type { TypedMethods } from '../contract/typed-methods.ts'
import { resolveOptions } from './client-options.ts'
import type { ConnectOptions } from './client-options.ts'
import { ClientSession } from './client-session.ts'

/** A session that only accepts the procedures and topics of an API. */
export interface TypedClientSession<A extends Api> extends Omit<ClientSession, keyof TypedMethods<A>>, TypedMethods<A> {}

/**
 * Opens a session. Retries automatically until the router accepts it. Rejects with a WampError if the router refuses the
 * session permanently. If `signal` is aborted, rejects with its reason. Rejects with WAMP_ERR_INVALID_OPTION for an invalid option.
 */
export function connect (url: string | URL, options?: ConnectOptions): Promise<ClientSession>
/** With a type argument, the session has the types of a contract or an API: `connect<typeof contract>('/ws', { realm: 'realm1' })`. */
export function connect<A extends Api | Contract> (url: string | URL, options?: ConnectOptions): Promise<TypedClientSession<ApiFrom<A>>>
export async function connect (url: string | URL, options: ConnectOptions = {}): Promise<ClientSession> {
  const session = new ClientSession(resolveOptions(url, options), options.onState)
  await session.open()
  return session
}
