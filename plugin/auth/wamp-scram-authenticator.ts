import { errors, WampError } from '../errors.ts'
import type { ScramCredentials, WampScramOptions, WampScramPrincipal } from '../auth-options.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { randomOctets } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'
import { findBinding, requestedBinding } from './channel-binding.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { authMessage, isProof, normalize, serverSignature } from './scram.ts'
import { isSameSecret, DecoyCredentials } from './secrets.ts'

const NONCE_OCTETS = 18
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

// Template for unknown users if no user is configured.
const nobody: ScramCredentials = { kdf: 'argon2id13', salt: Buffer.alloc(16).toString('base64'), iterations: 2, memory: 19_456, storedKey: '', serverKey: '' }

interface User {
  readonly credentials: ScramCredentials
  /** Null for fake credentials. */
  readonly principal: { readonly authid: string, readonly role: string, readonly realm: string | undefined } | null
}

/**
 * WAMP-SCRAM: both sides prove that they know the same password without sending it. The router does not store it [advanced, Salted
 * Challenge Response Authentication].
 */
export function wampScramAuthenticator ({ principals }: Omit<WampScramOptions, 'type'>): Authenticator {
  const known = prepare(Object.entries(principals))
  const stranger = strangers(Object.values(principals))
  return async ({ authid, authextra, tls, challenge }) => {
    if (authid === undefined) throw new WampError(reasons.noSuchPrincipal, { args: ['wamp-scram needs an authid'] })
    const clientNonce = readNonce(authextra)
    const binding = readBinding(authextra, (type) => findBinding(type, tls))
    // Computed for all users, so that it takes the same time.
    const unknown = stranger(authid)
    const { credentials, principal } = known.get(normalize(authid) ?? '') ?? unknown
    const { kdf, salt, iterations, memory = null, storedKey, serverKey } = credentials

    const nonce = clientNonce + randomOctets(NONCE_OCTETS).toString('base64')
    const { signature, extra } = await challenge({ nonce, salt, kdf, iterations, memory })
    const message = authMessage({ authid, clientNonce, nonce, salt, iterations, binding })
    const proven = isProof(signature, Buffer.from(storedKey, 'base64'), message)
    if (!proven || !repeats(extra, nonce, binding) || principal === null) throw new WampError(reasons.authenticationDenied, { args: ['the proof is wrong'] })
    const { authid: name, role, realm } = principal
    const verifier = serverSignature(Buffer.from(serverKey, 'base64'), message)
    return { authid: name, role, authprovider: 'static', proof: { verifier }, ...(realm === undefined ? {} : { realm }) }
  }
}

/** The users, by the canonical form of their names. */
function prepare (principals: readonly (readonly [authid: string, principal: WampScramPrincipal])[]): ReadonlyMap<string, User> {
  const users = new Map<string, User>()
  for (const [authid, { role, realm, ...credentials }] of principals) {
    const name = normalize(authid)
    const path = `auth.wamp-scram.principals.${authid}`
    if (name === null) throw new errors.WAMP_ERR_INVALID_OPTION(path, 'must have a name that SASLprep (RFC 4013) allows')
    if (users.has(name)) throw new errors.WAMP_ERR_INVALID_OPTION(path, 'must have a name that differs from the other names after SASLprep (RFC 4013)')
    users.set(name, { credentials, principal: { authid, role, realm } })
  }
  return users
}

/**
 * An unknown user gets the challenge of a known user, always the same one for the same name, but with a fake salt. Clients cannot
 * distinguish unknown users. No answer is accepted.
 */
function strangers (known: readonly ScramCredentials[]): (authid: string) => User {
  const models = known.length > 0 ? known : [nobody]
  const decoys = new DecoyCredentials(known)
  const key = decoys.text('key')
  return (authid) => {
    const name = normalize(authid) ?? authid
    const model = decoys.pick(models, `model of ${name}`)
    const salt = decoys.octets(`salt of ${name}`, Buffer.byteLength(model.salt, 'base64')).toString('base64')
    return { credentials: { ...model, salt, storedKey: key, serverKey: key }, principal: null }
  }
}

function readNonce ({ nonce }: Dict): string {
  if (typeof nonce === 'string' && nonce !== '' && base64.test(nonce)) return nonce
  throw new WampError(reasons.authenticationFailed, { args: ['HELLO.Details.authextra.nonce must be Base64'] })
}

function readBinding (authextra: Dict, find: (type: string) => ChannelBinding | null): ChannelBinding | null {
  const type = requestedBinding(authextra)
  if (type === null) return null
  const binding = find(type)
  if (binding === null) throw new WampError(reasons.authenticationFailed, { args: ['this type of channel binding is not available'] })
  return binding
}

/** True if AUTHENTICATE repeats the nonce, and the type and data of the channel binding, or neither of these. */
function repeats ({ nonce, channel_binding: type = null, cbind_data: data = null }: Dict, expected: string, binding: ChannelBinding | null): boolean {
  if (nonce !== expected || type !== (binding?.type ?? null)) return false
  return binding === null ? data === null : typeof data === 'string' && isSameSecret(data, binding.data.toString('base64'))
}
