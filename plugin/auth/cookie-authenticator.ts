import type { LoginRecord } from '../cookie/cookie-store.ts'
import type { AuthOptions, CookieAuthOptions } from '../auth-options.ts'

type Verify = NonNullable<CookieAuthOptions['verify']>

/**
 * Which logins that a cookie brings back count at an endpoint: those that could be made there today, and that its check lets
 * pass. Logins that the app made itself, by `reply.wampSignIn`, are the app's at every endpoint.
 */
export function verifyLogins (auth: AuthOptions, offered: { has (method: string): boolean }): Verify {
  const verify = auth.cookie?.verify ?? verifyStaticUsers(auth)
  return (record) => {
    const { authmethod, method = authmethod } = record
    return (method === null || offered.has(method)) && verify(record)
  }
}

/**
 * The check of a login that a cookie brings back, where the app has none of its own: a user of a static method must still
 * be configured, for the realm that the login was for, and is given the role of today.
 */
export function verifyStaticUsers ({ ticket, wampcra, 'wamp-scram': scram, cryptosign, tls }: AuthOptions): (record: LoginRecord) => boolean | { authrole: string } {
  const users = new Map<string, ReadonlyMap<string, { role: string, realm?: string }>>()
  if (ticket?.type === 'static') users.set('ticket', new Map(Object.entries(ticket.principals)))
  if (wampcra?.type === 'static') users.set('wampcra', new Map(Object.entries(wampcra.users)))
  if (scram?.type === 'static') users.set('wamp-scram', new Map(Object.entries(scram.principals)))
  if (cryptosign?.type === 'static') users.set('cryptosign', new Map(Object.entries(cryptosign.principals)))
  if (tls?.type === 'static') users.set('tls', new Map(Object.entries(tls.principals)))
  return ({ authmethod, authid, authrealm }) => {
    const configured = users.get(authmethod)
    if (configured === undefined) return true
    const user = configured.get(authid)
    if (user === undefined || (user.realm !== undefined && user.realm !== authrealm)) return false
    return { authrole: user.role }
  }
}
