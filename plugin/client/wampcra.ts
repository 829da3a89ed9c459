import { ClientError } from './client-error.ts'
import { hmac, pbkdf2 } from './keys.ts'
import { secretOf } from './login.ts'
import type { Login, Secret } from './login.ts'
import { toBase64, utf8 } from './octets.ts'

/** Logs in by WAMP-CRA: a secret that both sides know signs a challenge [advanced, Challenge Response Authentication]. */
export function wampcra ({ authid, secret }: {
  /** The name of the user. */
  readonly authid: string
  /** The secret, or a function that asks for it. */
  readonly secret: Secret
}): Login {
  return {
    method: 'wampcra',
    authid,
    begin: () => ({
      answer: async ({ extra: { challenge, salt, iterations = 1000, keylen = 32 } }) => {
        if (typeof challenge !== 'string') throw new ClientError('WAMP_ERR_LOGIN', 'the challenge is no text')
        const given = await secretOf(secret)
        // The derived key is used as its Base64 [advanced, Password Salting].
        const key = typeof salt === 'string' ? toBase64(await pbkdf2(given, utf8(salt), Number(iterations), Number(keylen))) : given
        return { signature: toBase64(await hmac(utf8(key), challenge)) }
      }
    })
  }
}
