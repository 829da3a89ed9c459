import { createPublicKey, verify } from 'node:crypto'
import { WampError } from '../errors.ts'
import type { CryptosignOptions, CryptosignPrincipal } from '../auth-options.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { randomOctets } from '../protocol/random-octets.ts'
import type { Authenticator } from './authenticator.ts'
import { findBinding, requestedBinding } from './channel-binding.ts'
import type { ChannelBinding } from './channel-binding.ts'
import { RouterKey } from './router-key.ts'
import { isSameSecret } from './secrets.ts'

const MESSAGE_OCTETS = 32
const SIGNATURE_OCTETS = 64

/**
 * Cryptosign: the client proves that it has the private key of an authorized public key [advanced, Cryptosign-based Authentication]. If
 * channel binding is unavailable, the client is not told, and continues without it.
 */
export function cryptosignAuthenticator ({ principals, privateKey }: Omit<CryptosignOptions, 'type'>): Authenticator {
  const known = new Map(Object.entries(principals))
  const owners = ownersByKey(known)
  const router = privateKey === undefined ? null : new RouterKey(privateKey)
  return async ({ authid: wanted, authextra, tls, challenge: ask }) => {
    const pubkey = readHex(authextra, 'pubkey')
    if (pubkey === null) throw new WampError(reasons.authenticationDenied, { args: ['cryptosign needs HELLO.Details.authextra.pubkey'] })
    const binding = findBinding(requestedBinding(authextra), tls)
    const asked = readHex(authextra, 'challenge')

    const challenge = randomOctets(MESSAGE_OCTETS)
    const { signature } = await ask({
      challenge: challenge.toString('hex'),
      channel_binding: binding?.type ?? null,
      ...(asked === null || router === null ? {} : { pubkey: router.publicKey, signature: router.sign(bind(asked, binding)) })
    })
    // A client with an unknown key gets the same answer at the same time as one with a wrong signature.
    const right = isSigned(signature, bind(challenge, binding), pubkey)
    const authid = findOwner(owners.get(pubkey.toString('hex')) ?? [], wanted)
    if (!right || authid === undefined) throw new WampError(reasons.authenticationDenied, { args: ['the signature is wrong'] })
    const { role, realm } = known.get(authid)!
    return { authid, role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  }
}

/** The authids of each key, in lower case. */
function ownersByKey (principals: ReadonlyMap<string, CryptosignPrincipal>): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>()
  for (const [authid, { authorizedKeys }] of principals) {
    for (const key of new Set(authorizedKeys.map((key) => key.toLowerCase()))) owners.set(key, [...owners.get(key) ?? [], authid])
  }
  return owners
}

/** Without an authid, the key identifies the user, if only one user has it. */
function findOwner (owners: readonly string[], wanted: string | undefined): string | undefined {
  if (wanted !== undefined) return owners.find((authid) => authid === wanted)
  return owners.length === 1 ? owners[0] : undefined
}

function readHex (authextra: Dict, field: 'pubkey' | 'challenge'): Buffer | null {
  const { [field]: text = null } = authextra
  if (text === null) return null
  if (typeof text === 'string' && /^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  throw new WampError(reasons.authenticationFailed, { args: [`HELLO.Details.authextra.${field} must be 64 hex digits`] })
}

/** The data to sign: the challenge, combined with the channel binding. */
function bind (challenge: Buffer, binding: ChannelBinding | null): Buffer {
  return binding === null ? challenge : Buffer.from(challenge.map((octet, i) => octet ^ binding.data[i]!))
}

/** True for a signature of this message, followed by the message. */
function isSigned (given: string, message: Buffer, pubkey: Buffer): boolean {
  if (given.length !== 2 * (SIGNATURE_OCTETS + MESSAGE_OCTETS) || !/^[0-9a-f]+$/i.test(given)) return false
  const octets = Buffer.from(given, 'hex')
  if (!isSameSecret(octets.subarray(SIGNATURE_OCTETS).toString('hex'), message.toString('hex'))) return false
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: pubkey.toString('base64url') }, format: 'jwk' })
  return verify(null, message, key, octets.subarray(0, SIGNATURE_OCTETS))
}
