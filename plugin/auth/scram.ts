import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { saslprep } from '@mongodb-js/saslprep'
import type { ChannelBinding } from './channel-binding.ts'

// Reject implausibly long input before SASLprep, which splits a text into code points.
const MOST_LETTERS = 1024

/** The data that both sides have sent when the client answers the challenge. */
export interface ScramExchange {
  /** The authid in HELLO. */
  readonly authid: string
  readonly clientNonce: string
  /** The nonce of the client, followed by that of the router. */
  readonly nonce: string
  /** The salt, in Base64. */
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

/** True if a proof (in Base64) was created with the client key whose hash is this stored key. */
export function isProof (given: string, storedKey: Buffer, message: string): boolean {
  const signature = hmac(storedKey, message)
  const proof = Buffer.from(given, 'base64')
  // Node.js decodes invalid Base64 as well: only accept the canonical form.
  const readable = proof.length === signature.length && proof.toString('base64') === given
  const clientKey = signature.map((octet, i) => octet ^ (proof[i] ?? 0))
  return timingSafeEqual(sha256(clientKey), storedKey) && readable
}

/** The signature that proves that the router has the user's keys, in Base64. */
export function serverSignature (serverKey: Buffer, message: string): string {
  return hmac(serverKey, message).toString('base64')
}

/** The data that the router stores for a salted password [advanced, Salted Challenge Response Authentication, Data Stored on the Server]. */
export function keysOf (saltedPassword: Uint8Array): { storedKey: string, serverKey: string } {
  return {
    storedKey: sha256(hmac(saltedPassword, 'Client Key')).toString('base64'),
    serverKey: hmac(saltedPassword, 'Server Key').toString('base64')
  }
}

/** The canonical form of a name or password (SASLprep, RFC 4013), or null if it is invalid. */
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
