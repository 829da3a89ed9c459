import type { LoginRecord } from '../cookie/cookie-store.ts'
import type { VerifyLogin } from '../cookie/cookie-entrance.ts'
import type { AuthOptions } from '../auth-options.ts'
import type { MethodType } from './method-type.ts'
import { staticUsers } from './static-users.ts'

/**
 * Decides which logins by cookie are valid at an endpoint: those whose method is configured there and that pass its check. Logins that the
 * app created with `reply.wampSignIn` are accepted at every endpoint.
 */
export function verifyLogins ({ path, auth }: { readonly path: string, readonly auth: AuthOptions }, offered: { typeOf (method: string): MethodType | undefined }): VerifyLogin {
  const verify = auth.cookie?.verify ?? verifyByDefault(verifyStaticUsers(auth, path), offered)
  return (record) => {
    const { authmethod, method = authmethod } = record
    return (method === null || offered.typeOf(method) !== undefined) && verify(record)
  }
}

/** Rejects logins by a method that had another type: a function may have given any client the name of a user who is configured now. */
function verifyByDefault (verify: ReturnType<typeof verifyStaticUsers>, offered: { typeOf (method: string): MethodType | undefined }): VerifyLogin {
  return (record) => {
    const { authmethod, method = authmethod, type } = record
    if (type !== undefined && type !== offered.typeOf(method!)) return false
    return verify(record)
  }
}

/**
 * The default check of a login by cookie, if the app defines none. A user of a static method must still be configured for the realm of the
 * login, and gets the current role. A login created at another endpoint is valid only if it grants the same role here. A login from an
 * unknown endpoint is treated in the same way, but is valid if no users are configured.
 */
export function verifyStaticUsers (auth: AuthOptions, path?: string): (record: LoginRecord) => boolean | { authrole: string } {
  const users = new Map([...staticUsers(auth)].map(({ method, users }) => [method, new Map(Object.entries(users))] as const))
  return ({ authmethod, method = authmethod, authid, authrealm, authrole, endpoint }) => {
    // The app created it, and its grant is unrelated to configured users of the same name.
    if (method === null) return true
    const configured = users.get(method)
    if (configured === undefined) return endpoint === undefined || endpoint === path
    const user = configured.get(authid)
    if (user === undefined || (user.realm !== undefined && user.realm !== authrealm)) return false
    return endpoint === path ? { authrole: user.role } : user.role === authrole
  }
}
