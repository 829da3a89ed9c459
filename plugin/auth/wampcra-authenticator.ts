import { createHmac, pbkdf2Sync } from 'node:crypto'
import { WampError } from '../errors.ts'
import type { WampCraOptions, WampCraUser } from '../auth-options.ts'
import { defaults } from '../option-defaults.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { randomText } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'
import { isSameSecret, DecoyCredentials } from './secrets.ts'

const standard = defaults.wampcraUser

interface User { readonly key: string, readonly role: string, readonly realm: string | undefined, readonly salting: Dict }

/** WAMP challenge-response authentication: the client proves that it knows a secret [advanced, Challenge Response Authentication]. */
export function wampcraAuthenticator ({ users }: Omit<WampCraOptions, 'type'>): Authenticator {
  const known = new Map(Object.entries(users).map(([authid, user]) => [authid, prepare(user)]))
  const unknown = strangers([...known.values()])
  return async ({ authid, session, challenge }) => {
    if (authid === undefined) throw new WampError(reasons.noSuchPrincipal, { args: ['wampcra needs an authid'] })
    // Computed for all users, so that it takes the same time.
    const stranger = unknown(authid)
    const { key, role, realm, salting } = known.get(authid) ?? stranger
    const text = JSON.stringify({
      authid, authrole: role, authmethod: 'wampcra', authprovider: 'static', nonce: randomText(48), timestamp: new Date().toISOString(), session
    })
    const { signature } = await challenge({ challenge: text, ...salting })
    const right = isSameSecret(signature, createHmac('sha256', key).update(text).digest('base64'))
    if (!right || !known.has(authid)) throw new WampError(reasons.authenticationDenied, { args: ['the signature is wrong'] })
    return { authid, role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  }
}

/** The key is the output of the client's key derivation in Base64, used as text [advanced, Password Salting]. */
function prepare ({ secret, role, realm, salt, iterations = standard.iterations, keylen = standard.keylen, secretIsPlain = standard.secretIsPlain }: WampCraUser): User {
  if (salt === undefined) return { key: secret, role, realm, salting: {} }
  const key = secretIsPlain ? pbkdf2Sync(secret, salt, iterations, keylen, 'sha256').toString('base64') : secret
  return { key, role, realm, salting: { salt, iterations, keylen } }
}

// Template if no user is configured.
const nobody: User = { key: '', role: defaults.anonymous.role, realm: undefined, salting: {} }

/**
 * An unknown user gets the challenge of a known user, always the same one for the same name, but with a fake salt. Clients cannot
 * distinguish unknown users. No answer is accepted.
 */
function strangers (known: readonly User[]): (authid: string) => User {
  const models = known.length > 0 ? known : [nobody]
  const decoys = new DecoyCredentials(known)
  return (authid) => {
    const { role, salting } = decoys.pick(models, `model of ${authid}`)
    const { salt } = salting
    const own = typeof salt === 'string' ? { ...salting, salt: decoys.text(`salt of ${authid}`, salt.length) } : salting
    return { key: decoys.text(`key of ${authid}`), role, realm: undefined, salting: own }
  }
}
