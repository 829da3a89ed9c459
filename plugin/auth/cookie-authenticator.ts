import type { LoginRecord } from '../cookie/cookie-store.ts'
import type { CookieCheck } from '../cookie/cookie-entrance.ts'
import type { AuthOptions } from '../auth-options.ts'

/**
 * Which logins that a cookie brings back count at an endpoint: those that could be made there today, and that its check lets
 * pass. Logins that the app made itself, by `reply.wampSignIn`, are the app's at every endpoint.
 */
export function verifyLogins ({ path, auth }: { readonly path: string, readonly auth: AuthOptions }, offered: { has (method: string): boolean }): CookieCheck {
  const verify = auth.cookie?.verify ?? verifyStaticUsers(auth, path)
  return {
    path,
    verify: (record) => {
      const { authmethod, method = authmethod } = record
      return (method === null || offered.has(method)) && verify(record)
    }
  }
}

/**
 * The check of a login that a cookie brings back, where the app has none of its own: a user of a static method must still
 * be configured, for the realm that the login was for, and is given the role of today. A login that was made at another
 * endpoint proved nothing here: it counts only where it gives no other role than the one that was proven. What was made at an
 * unknown endpoint is treated like that, too, but counts if no users are configured.
 */
export function verifyStaticUsers ({ ticket, wampcra, 'wamp-scram': scram, cryptosign, tls }: AuthOptions, path?: string): (record: LoginRecord) => boolean | { authrole: string } {
  const users = new Map<string, ReadonlyMap<string, { role: string, realm?: string }>>()
  if (ticket?.type === 'static') users.set('ticket', new Map(Object.entries(ticket.principals)))
  if (wampcra?.type === 'static') users.set('wampcra', new Map(Object.entries(wampcra.users)))
  if (scram?.type === 'static') users.set('wamp-scram', new Map(Object.entries(scram.principals)))
  if (cryptosign?.type === 'static') users.set('cryptosign', new Map(Object.entries(cryptosign.principals)))
  if (tls?.type === 'static') users.set('tls', new Map(Object.entries(tls.principals)))
  return ({ authmethod, method = authmethod, authid, authrealm, authrole, endpoint }) => {
    // The app made it, and what it granted has nothing to do with users of the same name.
    if (method === null) return true
    const configured = users.get(method)
    if (configured === undefined) return endpoint === undefined || endpoint === path
    const user = configured.get(authid)
    if (user === undefined || (user.realm !== undefined && user.realm !== authrealm)) return false
    return endpoint === path ? { authrole: user.role } : user.role === authrole
  }
}
