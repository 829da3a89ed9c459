import type { AnonymousOptions } from '../auth-options.ts'
import { defaults } from '../option-defaults.ts'
import { randomText } from '../protocol/random-octets.ts'
import type { Attempt, Authenticator, Grant } from './authenticator.ts'

/** An authenticator that verifies nothing, so that logins cannot fail. */
type OpenAuthenticator = (attempt: Pick<Attempt, 'pseudonym'>) => Grant

const open = new WeakSet<Authenticator>()

/**
 * Accepts any client. The authid is the configured one, otherwise the browser's pseudonym, which is stable across reconnects, otherwise
 * random. The HELLO details are ignored.
 */
export function anonymousAuthenticator ({ role = defaults.anonymous.role, authid, realm }: Omit<AnonymousOptions, 'type'>): Authenticator {
  const authenticator: OpenAuthenticator = ({ pseudonym }) => {
    const grant = { role, authprovider: 'static', authid: authid ?? pseudonym ?? randomText(12) }
    return realm === undefined ? grant : { ...grant, realm }
  }
  open.add(authenticator)
  return authenticator
}

/** True for an authenticator that verifies nothing, so that logins cannot fail. */
export function letsAnybodyIn (authenticator: Authenticator): authenticator is OpenAuthenticator {
  return open.has(authenticator)
}
