import { ClientError } from './client-error.ts'
import type { Login, LoginAttempt } from './login.ts'
import { fromHex, toHex } from './octets.ts'
import type { Octets } from './octets.ts'

/** A key that is stored elsewhere, such as in a hardware token. */
export interface Signer {
  /** The public key, 64 hexadecimal digits. */
  readonly publicKey: string
  /** Signs a message with Ed25519. Returns 64 bytes. */
  sign (message: Octets): Uint8Array | Promise<Uint8Array>
}

/** What stands before the seed of an Ed25519 key in PKCS #8 [RFC 8410, 7]. */
const PKCS8 = '302e020100300506032b657004220420'

/** Logs in by Cryptosign: the client signs a challenge with its private key [advanced, Cryptosign-based Authentication]. Throws WAMP_ERR_LOGIN for a missing key. */
export function cryptosign (given: {
  /** The name of the user. @default the owner of the key */
  readonly authid?: string | null
  /** The private key, 64 hexadecimal digits, which needs `crypto.subtle` with Ed25519; or a signer. */
  readonly key: string | Signer
}): Login {
  const { authid = null, key } = (given as typeof given | undefined) ?? {}
  if (typeof key !== 'string' && typeof key?.sign !== 'function') throw new ClientError('WAMP_ERR_LOGIN', 'cryptosign: "key" must be 64 hexadecimal digits, or a signer { publicKey, sign }')
  return {
    method: 'cryptosign',
    authid,
    begin: async () => attempt(typeof key === 'string' ? await signerOf(key) : key)
  }
}

function attempt (signer: Signer): LoginAttempt {
  return {
    authextra: { pubkey: signer.publicKey, channel_binding: null },
    answer: async ({ extra: { challenge } }) => {
      if (typeof challenge !== 'string' || !/^[0-9a-f]{64}$/i.test(challenge)) throw new ClientError('WAMP_ERR_LOGIN', 'the challenge is not 64 hexadecimal digits')
      const message = fromHex(challenge)
      return { signature: toHex(await signer.sign(message)) + toHex(message) }
    }
  }
}

async function signerOf (seed: string): Promise<Signer> {
  if (!/^[0-9a-f]{64}$/i.test(seed)) throw new ClientError('WAMP_ERR_LOGIN', 'the key is not 64 hexadecimal digits')
  const subtle = globalThis.crypto?.subtle
  if (subtle === undefined) throw new ClientError('WAMP_ERR_LOGIN', 'crypto.subtle is not available without TLS: pass a signer')
  const key = await subtle.importKey('pkcs8', fromHex(PKCS8 + seed), 'Ed25519', true, ['sign'])
  const { x = '' } = await subtle.exportKey('jwk', key)
  const publicKey = toHex(Uint8Array.from(atob(x.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0)))
  return { publicKey, sign: async (message) => new Uint8Array(await subtle.sign('Ed25519', key, message)) }
}
