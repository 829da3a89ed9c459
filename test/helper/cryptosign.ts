import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** The key pair of a client. */
export class ClientKey {
  readonly #key: KeyObject
  /** Hex. */
  readonly publicKey: string

  /** Takes the 32 octets of a seed in hex. */
  constructor (seed: string) {
    this.#key = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'), format: 'der', type: 'pkcs8' })
    this.publicKey = createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex')
  }

  /** Answers a challenge: the signature, and the message behind it. */
  answer (challenge: unknown, channelId: Buffer = Buffer.alloc(32)): string {
    const message = Buffer.from(Buffer.from(String(challenge), 'hex').map((octet, i) => octet ^ channelId[i]!))
    return sign(null, message, this.#key).toString('hex') + message.toString('hex')
  }
}
