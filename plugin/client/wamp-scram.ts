import { ClientError } from './client-error.ts'
import { hash, hmac, pbkdf2 } from './keys.ts'
import { checkLogin, secretOf } from './login.ts'
import type { Challenge, Login, LoginAttempt, Secret } from './login.ts'
import { fromBase64, toBase64 } from './octets.ts'
import type { Octets } from './octets.ts'

/** A function for argon2id (version 1.3, one lane), which browsers do not provide. Returns 32 bytes. `memory` is in KiB. */
export type Argon2id = (password: string, salt: Uint8Array, costs: { readonly iterations: number, readonly memory: number }) => Uint8Array | Promise<Uint8Array>

/** The options of `wampScram`. */
export interface ScramLogin {
  /** The name of the user. */
  readonly authid: string
  /** The password, or a function that returns it. */
  readonly password: Secret
  /** Required for users whose key derivation function is `argon2id13`. */
  readonly argon2id?: Argon2id
  /** SASLprep (RFC 4013), for passwords beyond ASCII. @default the Unicode normalization NFKC, which covers most of SASLprep */
  readonly prepare?: (password: string) => string
}

/** Logs in by WAMP-SCRAM: both sides prove that they know the password [advanced, Salted Challenge Response Authentication]. Throws WAMP_ERR_LOGIN if a field is missing. */
export function wampScram (login: ScramLogin): Login {
  checkLogin('wampScram', login, { authid: 'text', password: 'text or function' })
  return {
    method: 'wamp-scram',
    authid: login.authid,
    begin: () => attempt(login, toBase64(crypto.getRandomValues(new Uint8Array(18))))
  }
}

function attempt ({ authid, password, argon2id, prepare = (text) => text.normalize('NFKC') }: ScramLogin, clientNonce: string): LoginAttempt {
  let proof: string | undefined
  return {
    authextra: { nonce: clientNonce, channel_binding: null },
    answer: async ({ extra }) => {
      const { nonce, salt, iterations } = extra
      if (typeof nonce !== 'string' || !nonce.startsWith(clientNonce) || nonce === clientNonce) throw new ClientError('WAMP_ERR_LOGIN', 'the challenge is not for this attempt')
      const salted = await derive(prepare(await secretOf(password)), extra, argon2id)
      const name = authid.replaceAll('=', '=3D').replaceAll(',', '=2C')
      const message = `n=${name},r=${clientNonce},r=${nonce},s=${String(salt)},i=${String(iterations)},c=biws,r=${nonce}`
      const clientKey = await hmac(salted, 'Client Key')
      const signature = await hmac(await hash(clientKey), message)
      proof = toBase64(await hmac(await hmac(salted, 'Server Key'), message))
      return { signature: toBase64(clientKey.map((octet, i) => octet ^ signature[i]!)), extra: { nonce, channel_binding: null, cbind_data: null } }
    },
    verify: ({ verifier }) => {
      if (proof === undefined || verifier !== proof) throw new ClientError('WAMP_ERR_LOGIN', 'the router does not know the password')
    }
  }
}

async function derive (password: string, { kdf, salt, iterations, memory }: Challenge['extra'], argon2id: Argon2id | undefined): Promise<Octets> {
  if (typeof salt !== 'string' || typeof iterations !== 'number') throw new ClientError('WAMP_ERR_LOGIN', 'the challenge has no salt or iterations')
  if (kdf === 'pbkdf2') return await pbkdf2(password, fromBase64(salt), iterations, 32)
  if (kdf !== 'argon2id13' || typeof memory !== 'number') throw new ClientError('WAMP_ERR_LOGIN', `unknown key derivation ${String(kdf)}`)
  if (argon2id === undefined) throw new ClientError('WAMP_ERR_LOGIN', 'argon2id is required: wampScram({ argon2id })')
  return new Uint8Array(await argon2id(password, fromBase64(salt), { iterations, memory }))
}
