import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { argon2id } from '@noble/hashes/argon2.js'

/** CHALLENGE.Extra of WAMP-SCRAM. */
export interface ScramChallenge {
  readonly nonce: string
  readonly salt: string
  readonly kdf: string
  readonly iterations: number
  readonly memory: number | null
}

/** AUTHENTICATE of WAMP-SCRAM, and what WELCOME must then prove. */
export interface ScramAnswer {
  readonly signature: string
  readonly extra: Readonly<Record<string, unknown>>
  readonly verifier: string
}

/** A client of WAMP-SCRAM, which shares no code with the router. */
export function answerScram (challenge: ScramChallenge, { authid, password, nonce: own, binding = null }: {
  authid: string
  password: string
  nonce: string
  binding?: { type: string, data: Buffer } | null
}): ScramAnswer {
  const { nonce, salt, iterations } = challenge
  const salted = derive(password, challenge)
  const bound = binding === null ? 'biws' : Buffer.concat([Buffer.from(`p=${binding.type},,`), binding.data]).toString('base64')
  const escaped = authid.replace(/=/g, '=3D').replace(/,/g, '=2C')
  const message = [`n=${escaped}`, `r=${own}`, `r=${nonce}`, `s=${salt}`, `i=${iterations}`, `c=${bound}`, `r=${nonce}`].join(',')
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(createHash('sha256').update(clientKey).digest(), message)
  return {
    signature: Buffer.from(clientKey.map((octet, i) => octet ^ signature[i]!)).toString('base64'),
    extra: { nonce, channel_binding: binding?.type ?? null, cbind_data: binding?.data.toString('base64') ?? null },
    verifier: hmac(hmac(salted, 'Server Key'), message).toString('base64')
  }
}

function derive (password: string, { kdf, salt, iterations, memory }: ScramChallenge): Uint8Array {
  const octets = Buffer.from(salt, 'base64')
  if (kdf === 'pbkdf2') return pbkdf2Sync(password, octets, iterations, 32, 'sha256')
  return argon2id(password, octets, { t: iterations, m: memory ?? 0, p: 1, dkLen: 32 })
}

function hmac (key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
