import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

// What stands before the seed in a PKCS #8 structure of an Ed25519 key [RFC 8410].
const BEFORE_SEED = '302e020100300506032b657004220420'

/** The key by which the router proves itself to clients [advanced, Cryptosign-based Authentication, Router Authentication]. */
export class RouterKey {
  /** Hex. */
  readonly publicKey: string
  readonly #key: KeyObject

  /** Takes the 32 octets of the private key, its seed, in hex. */
  constructor (seed: string) {
    this.#key = createPrivateKey({ key: Buffer.from(BEFORE_SEED + seed, 'hex'), format: 'der', type: 'pkcs8' })
    this.publicKey = Buffer.from(createPublicKey(this.#key).export({ format: 'jwk' }).x!, 'base64url').toString('hex')
  }

  /** The signature of a message and the message, in hex. */
  sign (message: Buffer): string {
    return sign(null, message, this.#key).toString('hex') + message.toString('hex')
  }
}
