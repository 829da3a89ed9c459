import { reasons } from '../protocol/reasons.ts'
import type { Kwargs } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { metaError, optional, toText } from './meta-argument.ts'
import type { PublishMetaEvent } from './meta-events.ts'
import type { MetaProcedure } from './service-session.ts'

/** Which logins are meant: those to which all that is given applies. `cookie` is the key of a login, which stands for its cookies. */
export interface LoginQuery {
  readonly cookie?: string
  readonly authid?: string
  readonly authrole?: string
}

/** A login that a cookie holds, as an operator may see it. */
export interface LoginInfo {
  readonly cookie: string
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  readonly created: number
  readonly lastSeen: number
  readonly userAgent: string | undefined
  readonly address: string | undefined
  readonly connected: number
}

/** The logins of a realm that cookies hold, in all stores. Both reject with what a store throws. */
export interface LoginsOfRealm {
  find (query: LoginQuery): Promise<LoginInfo[]>
  /** Forgets logins, and ends the sessions on their connections. Resolves to their number. */
  revoke (query: LoginQuery): Promise<number>
}

/** `wamp.login.*`: cookie logins for operators. No part of the specification. */
export function loginProcedures (logins: LoginsOfRealm, publish: PublishMetaEvent): Record<Uri, MetaProcedure> {
  return {
    'wamp.login.list': async ({ kwargs }) => [(await logins.find(toQuery(kwargs))).map(describe)],
    'wamp.login.revoke': async ({ kwargs }) => {
      const query = toQuery(kwargs)
      if (Object.keys(query).length === 0) throw metaError(reasons.invalidArgument, 'one of cookie, authid, authrole must say which logins are meant')
      return [await revokeLogins(logins, publish, query)]
    }
  }
}

/** Forgets logins, and tells those who listen to `wamp.login.on_revoke`. */
export async function revokeLogins (logins: LoginsOfRealm, publish: PublishMetaEvent, query: LoginQuery): Promise<number> {
  const count = await logins.revoke(query)
  publish('wamp.login.on_revoke', () => [{ ...query, count }])
  return count
}

function toQuery ({ cookie, authid, authrole }: Kwargs): LoginQuery {
  const given = { cookie: optional(toText, cookie, 'cookie'), authid: optional(toText, authid, 'authid'), authrole: optional(toText, authrole, 'authrole') }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function describe ({ cookie, authid, authrole, authmethod, created, lastSeen, userAgent, address, connected }: LoginInfo): object {
  return {
    cookie, authid, authrole, authmethod, created: new Date(created).toISOString(), last_seen: new Date(lastSeen).toISOString(), user_agent: userAgent ?? null, address: address ?? null, connected
  }
}
