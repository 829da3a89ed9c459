import type { AnonymousOptions } from '../auth-options.ts'
import { randomOctets } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'

const open = new WeakSet<Authenticator>()

/**
 * Lets anybody in. The authid is the configured one, else the browser's pseudonym, by which it is known again when it
 * comes back, else a random one; what HELLO asks for does not count.
 */
export function anonymousAuthenticator ({ role = 'anonymous', authid, realm }: Omit<AnonymousOptions, 'type'>): Authenticator {
  const assigned = { role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  const authenticator: Authenticator = ({ pseudonym }) => ({ ...assigned, authid: authid ?? pseudonym ?? randomOctets(12).toString('base64url') })
  open.add(authenticator)
  return authenticator
}

/** True for an authenticator that checks nothing, so that nobody can fail. */
export function letsAnybodyIn (authenticator: Authenticator): boolean {
  return open.has(authenticator)
}
