import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { refuseUnknown } from '../did-you-mean.ts'
import { errors } from '../errors.ts'
import type { ScramCredentials } from '../auth-options.ts'
import { keysOf, normalize } from './scram.ts'

const SALT_OCTETS = 16
const KEY_OCTETS = 32
const deriveByPbkdf2 = promisify(pbkdf2)

/** The parameters of the key derivation. A higher cost slows down attackers, but also each login. */
export interface ScramDerivation {
  /** The key derivation function. `argon2id13` resists attacks with graphics cards, because it requires memory; `pbkdf2` is used with SHA-256. @default 'argon2id13' */
  kdf?: 'argon2id13' | 'pbkdf2'
  /** The number of iterations. @default 2 for argon2id13, 600000 for pbkdf2 */
  iterations?: number
  /** The memory for argon2id13 in KiB, at least 8. @default 19456 */
  memory?: number
  /** The salt in Base64, at least 8 bytes. Use a different one for each user. @default 16 random bytes */
  salt?: string
}

/**
 * Derives the data that the router stores for a user's password, for `auth['wamp-scram']`. The password cannot be derived from it. Throws
 * WAMP_ERR_INVALID_OPTION for a password that SASLprep rejects, and for invalid parameters.
 */
export async function scramCredentials (password: string, derivation: ScramDerivation = {}): Promise<ScramCredentials> {
  refuseUnknown(derivation, ['kdf', 'iterations', 'memory', 'salt'])
  const normal = typeof password === 'string' ? normalize(password) : null
  if (normal === null) throw new errors.WAMP_ERR_INVALID_OPTION('password', 'must have 1 to 1024 characters that SASLprep (RFC 4013) allows')
  const { kdf = 'argon2id13', salt = randomBytes(SALT_OCTETS).toString('base64') } = derivation
  const octets = Buffer.from(String(salt), 'base64')
  if (typeof salt !== 'string' || octets.length < 8 || octets.toString('base64') !== salt) throw new errors.WAMP_ERR_INVALID_OPTION('salt', 'must be at least 8 octets in Base64')
  switch (kdf) {
    case 'pbkdf2': {
      const iterations = whole('iterations', derivation.iterations ?? 600_000, 1)
      return { kdf, salt, iterations, ...keysOf(await deriveByPbkdf2(normal, octets, iterations, KEY_OCTETS, 'sha256')) }
    }
    case 'argon2id13': {
      const iterations = whole('iterations', derivation.iterations ?? 2, 1)
      const memory = whole('memory', derivation.memory ?? 19_456, 8)
      // One lane, because a client may have only one thread.
      return { kdf, salt, iterations, memory, ...keysOf(await argon2idAsync(normal, octets, { t: iterations, m: memory, p: 1, dkLen: KEY_OCTETS })) }
    }
    default: throw new errors.WAMP_ERR_INVALID_OPTION('kdf', 'must be argon2id13 or pbkdf2')
  }
}

function whole (name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new errors.WAMP_ERR_INVALID_OPTION(name, `must be a whole number of ${least} or more`)
}
