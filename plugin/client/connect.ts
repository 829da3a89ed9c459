import { resolveOptions } from './client-options.ts'
import type { ConnectOptions } from './client-options.ts'
import { ClientSession } from './client-session.ts'

/**
 * Opens a session. It tries again by itself until the router lets it in; rejects with a WampError when the router refuses
 * it for good, with the reason of `signal` when that is aborted, and with WAMP_ERR_INVALID_OPTION.
 */
export async function connect (url: string | URL, options: ConnectOptions = {}): Promise<ClientSession> {
  const session = new ClientSession(resolveOptions(url, options), options.onState)
  await session.open()
  return session
}
