import { ClientError } from './client-error.ts'
import { hmac, pbkdf2 } from './keys.ts'
import { checkLogin, secretOf } from './login.ts'
import type { Login, Secret } from './login.ts'
import { toBase64, utf8 } from './octets.ts'

/** Logs in by WAMP-CRA: the client signs a challenge with a shared secret [advanced, Challenge Response Authentication]. Throws WAMP_ERR_LOGIN if a field is missing. */
export function wampcra (given: {
  /** The name of the user. */
  readonly authid: string
  /** The secret, or a function that returns it. */
  readonly secret: Secret
}): Login {
  checkLogin('wampcra', given, { authid: 'text', secret: 'text or function' })
  const { authid, secret } = given
  return {
    method: 'wampcra',
    authid,
    begin: () => ({
      answer: async ({ extra: { challenge, salt, iterations = 1000, keylen = 32 } }) => {
        if (typeof challenge !== 'string') throw new ClientError('WAMP_ERR_LOGIN', 'the challenge is not a string')
        const password = await secretOf(secret)
        // The derived key is used as its Base64 [advanced, Password Salting].
        const key = typeof salt === 'string' ? toBase64(await pbkdf2(password, utf8(salt), Number(iterations), Number(keylen))) : password
        return { signature: toBase64(await hmac(utf8(key), challenge)) }
      }
    })
  }
}
