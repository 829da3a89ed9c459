import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { saslprep } from '@mongodb-js/saslprep'
import type { ChannelBinding } from './channel-binding.ts'

// SASLprep takes a text apart into code points: what nobody's name is as long as is not worth it.
const MOST_LETTERS = 1024

/** What both sides have said when the client answers the challenge. */
export interface ScramExchange {
  /** As HELLO has it. */
  readonly authid: string
  readonly clientNonce: string
  /** The client's nonce and the router's. */
  readonly nonce: string
  /** Base64. */
  readonly salt: string
  readonly iterations: number
  readonly binding: ChannelBinding | null
}

/** The text that both sides sign [advanced, Salted Challenge Response Authentication, AuthMessage]. */
export function authMessage ({ authid, clientNonce, nonce, salt, iterations, binding }: ScramExchange): string {
  const name = authid.replaceAll('=', '=3D').replaceAll(',', '=2C')
  const header = Buffer.from(binding === null ? 'n,,' : `p=${binding.type},,`)
  const bound = binding === null ? header : Buffer.concat([header, binding.data])
  return `n=${name},r=${clientNonce},r=${nonce},s=${salt},i=${iterations},c=${bound.toString('base64')},r=${nonce}`
}

/** True if a proof (Base64) was made with the client key that this stored key is the hash of. */
export function isProof (given: string, storedKey: Buffer, message: string): boolean {
  const signature = hmac(storedKey, message)
  const proof = Buffer.from(given, 'base64')
  // Node.js reads much as Base64: only what it would write itself is.
  const readable = proof.length === signature.length && proof.toString('base64') === given
  const clientKey = signature.map((octet, i) => octet ^ (proof[i] ?? 0))
  return timingSafeEqual(sha256(clientKey), storedKey) && readable
}

/** By which the router proves that it has the user's keys. Base64. */
export function serverSignature (serverKey: Buffer, message: string): string {
  return hmac(serverKey, message).toString('base64')
}

/** What the router keeps of a salted password [advanced, Salted Challenge Response Authentication, Data Stored on the Server]. */
export function keysOf (saltedPassword: Uint8Array): { storedKey: string, serverKey: string } {
  return {
    storedKey: sha256(hmac(saltedPassword, 'Client Key')).toString('base64'),
    serverKey: hmac(saltedPassword, 'Server Key').toString('base64')
  }
}

/** A name or password in the one form of all that look the same (SASLprep, RFC 4013), or null if it may not be one. */
export function normalize (text: string): string | null {
  if (text.length > MOST_LETTERS) return null
  try {
    return saslprep(text) || null
  } catch {
    return null
  }
}

function hmac (key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256 (octets: Uint8Array): Buffer {
  return createHash('sha256').update(octets).digest()
}
