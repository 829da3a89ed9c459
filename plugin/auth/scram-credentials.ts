import { pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { argon2idAsync } from '@noble/hashes/argon2.js'
import { errors } from '../errors.ts'
import type { ScramCredentials } from '../auth-options.ts'
import { keysOf, normalize } from './scram.ts'

const SALT_OCTETS = 16
const KEY_OCTETS = 32
const deriveByPbkdf2 = promisify(pbkdf2)

/** How a key is derived from a password. What is expensive here is so for clients at each login, and for who guesses. */
export interface ScramDerivation {
  /** `argon2id13` resists graphics cards, by the memory that it needs; `pbkdf2` is used with SHA-256. @default 'argon2id13' */
  kdf?: 'argon2id13' | 'pbkdf2'
  /** @default 2 for argon2id13, 600000 for pbkdf2 */
  iterations?: number
  /** KiB that argon2id13 needs, 8 at least. @default 19456 */
  memory?: number
  /** Base64, 8 octets at least; no two users may share one. @default 16 random octets */
  salt?: string
}

/**
 * What the router keeps of a user's password, for `auth['wamp-scram']`. The password cannot be read from it.
 * Throws WAMP_ERR_INVALID_OPTION for a password that SASLprep refuses, and for parameters that cannot be.
 */
export async function scramCredentials (password: string, derivation: ScramDerivation = {}): Promise<ScramCredentials> {
  const normal = normalize(password)
  if (normal === null) throw new errors.WAMP_ERR_INVALID_OPTION('password', 'must have 1 to 1024 characters, none of which SASLprep (RFC 4013) refuses')
  const { kdf = 'argon2id13', salt = randomBytes(SALT_OCTETS).toString('base64') } = derivation
  const octets = Buffer.from(salt, 'base64')
  if (octets.length < 8 || octets.toString('base64') !== salt) throw new errors.WAMP_ERR_INVALID_OPTION('salt', 'must be Base64 of 8 octets or more')
  switch (kdf) {
    case 'pbkdf2': {
      const iterations = whole('iterations', derivation.iterations ?? 600_000, 1)
      return { kdf, salt, iterations, ...keysOf(await deriveByPbkdf2(normal, octets, iterations, KEY_OCTETS, 'sha256')) }
    }
    case 'argon2id13': {
      const iterations = whole('iterations', derivation.iterations ?? 2, 1)
      const memory = whole('memory', derivation.memory ?? 19_456, 8)
      // One lane: a client may have one thread only.
      return { kdf, salt, iterations, memory, ...keysOf(await argon2idAsync(normal, octets, { t: iterations, m: memory, p: 1, dkLen: KEY_OCTETS })) }
    }
    default: throw new errors.WAMP_ERR_INVALID_OPTION('kdf', 'must be argon2id13 or pbkdf2')
  }
}

function whole (name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new errors.WAMP_ERR_INVALID_OPTION(name, `must be a whole number of ${least} or more`)
}
