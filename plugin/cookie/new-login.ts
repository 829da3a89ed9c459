import type { MethodType } from '../auth/method-type.ts'
import type { Principal } from '../auth/authenticator.ts'
import type { Device } from './login-filter.ts'
import { freshLoginKey } from './cookie-id.ts'
import type { LoginRecord } from './cookie-store.ts'
import type { Login } from './login.ts'

/** The method and endpoint of a login. */
interface Making {
  readonly principal: Principal
  /** The configured method, or null for a REST login. */
  readonly method: string | null
  /** The type of the method, or undefined for a REST login. */
  readonly type?: MethodType | undefined
  /** The path of the endpoint, or undefined for a REST login. */
  readonly endpoint?: string | undefined
  readonly device: Device
}

/** A login that is not yet stored, with a new key. */
export function newLogin ({ principal, method, type, endpoint, device }: Making, lifetime: Pick<LoginRecord, 'created' | 'maxAge'>, cookies: readonly string[]): Login {
  const { realm, authid, authrole, authmethod, authextra } = principal
  const made = {
    ...(method === authmethod ? {} : { method }),
    ...(type === undefined ? {} : { type }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...device,
    ...(authextra === undefined ? {} : { authextra })
  }
  return { key: freshLoginKey(), record: { ...lifetime, authid, authrole, authmethod, authrealm: realm, ...made }, cookies }
}
