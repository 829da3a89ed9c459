import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

// The octets before the seed in a PKCS #8 structure of an Ed25519 key [RFC 8410].
const BEFORE_SEED = '302e020100300506032b657004220420'

/** The key that proves the router's identity to clients [advanced, Cryptosign-based Authentication, Router Authentication]. */
export class RouterKey {
  /** The public key, in hex. */
  readonly publicKey: string
  readonly #key: KeyObject

  /** The private key, given as its seed of 32 octets in hex. */
  constructor (seed: string) {
    this.#key = createPrivateKey({ key: Buffer.from(BEFORE_SEED + seed, 'hex'), format: 'der', type: 'pkcs8' })
    this.publicKey = Buffer.from(createPublicKey(this.#key).export({ format: 'jwk' }).x!, 'base64url').toString('hex')
  }

  /** The signature of a message, followed by the message, in hex. */
  sign (message: Buffer): string {
    return sign(null, message, this.#key).toString('hex') + message.toString('hex')
  }
}
