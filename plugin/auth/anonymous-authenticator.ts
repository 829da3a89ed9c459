import type { AnonymousOptions } from '../auth-options.ts'
import { randomOctets } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'

/**
 * Lets anybody in. The authid is the configured one, else the browser's pseudonym, by which it is known again when it
 * comes back, else a random one; what HELLO asks for does not count.
 */
export function anonymousAuthenticator ({ role = 'anonymous', authid, realm }: Omit<AnonymousOptions, 'type'>): Authenticator {
  const assigned = { role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  return ({ pseudonym }) => ({ ...assigned, authid: authid ?? pseudonym ?? randomOctets(12).toString('base64url') })
}
