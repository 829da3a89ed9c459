import { ClientError } from './client-error.ts'
import { utf8 } from './octets.ts'
import type { Octets } from './octets.ts'
import { hmacWith, pbkdf2Here, sha256 } from './sha256.ts'

/** The most that a router may ask for: it could keep the client busy for hours. */
const [MOST_ITERATIONS, LONGEST_KEY] = [10_000_000, 1024] as const
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

/** The cryptography of the platform; pages without TLS have none. */
function subtle (): typeof globalThis.crypto.subtle | undefined {
  return globalThis.crypto?.subtle
}

/** HMAC-SHA-256. */
export async function hmac (key: Octets, text: string): Promise<Octets> {
  const platform = subtle()
  if (platform === undefined) return hmacWith(key)(utf8(text))
  return new Uint8Array(await platform.sign(HMAC, await platform.importKey('raw', key, HMAC, false, ['sign']), utf8(text)))
}

/** SHA-256. */
export async function hash (octets: Octets): Promise<Octets> {
  const platform = subtle()
  return platform === undefined ? sha256(octets) : new Uint8Array(await platform.digest('SHA-256', octets))
}

/** PBKDF2 with HMAC-SHA-256. Throws WAMP_ERR_LOGIN if it would take too long. */
export async function pbkdf2 (password: string, salt: Octets, iterations: number, length: number): Promise<Octets> {
  if (!(iterations >= 1 && iterations <= MOST_ITERATIONS && length >= 1 && length <= LONGEST_KEY)) {
    throw new ClientError('WAMP_ERR_LOGIN', `the challenge requests ${iterations} iterations and ${length} bytes`)
  }
  const platform = subtle()
  if (platform === undefined) return pbkdf2Here(password, salt, iterations, length)
  const key = await platform.importKey('raw', utf8(password), 'PBKDF2', false, ['deriveBits'])
  return new Uint8Array(await platform.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, key, 8 * length))
}
