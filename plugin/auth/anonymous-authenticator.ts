import type { AnonymousOptions } from '../auth-options.ts'
import { defaults } from '../option-defaults.ts'
import { randomOctets } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'

const open = new WeakSet<Authenticator>()

/**
 * Accepts any client. The authid is the configured one, otherwise the browser's pseudonym, which is stable across reconnects, otherwise
 * random. The HELLO details are ignored.
 */
export function anonymousAuthenticator ({ role = defaults.anonymous.role, authid, realm }: Omit<AnonymousOptions, 'type'>): Authenticator {
  const assigned = { role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  const authenticator: Authenticator = ({ pseudonym }) => ({ ...assigned, authid: authid ?? pseudonym ?? randomOctets(12).toString('base64url') })
  open.add(authenticator)
  return authenticator
}

/** True for an authenticator that verifies nothing, so that logins cannot fail. */
export function letsAnybodyIn (authenticator: Authenticator): boolean {
  return open.has(authenticator)
}
