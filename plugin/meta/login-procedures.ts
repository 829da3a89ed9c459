import type { LoginRange } from '../cookie/login-filter.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Kwargs } from '../protocol/payload.ts'
import type { Uri } from '../protocol/uri.ts'
import { metaError, optional, toText } from './meta-argument.ts'
import type { PublishMetaEvent } from './meta-events.ts'
import type { FindSession } from './registration-procedures.ts'
import type { MetaProcedure, MetaResult } from './service-session.ts'

/** Selects the logins that match all given fields. `cookie` is the key of a login, and selects all cookies of the login. */
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
  /** Where it stands among all: places are compared as texts. */
  readonly place: string
}

/** The logins of a realm that cookies hold, in all stores. Both reject with what a store throws. */
export interface LoginsOfRealm {
  /** The logins of a range, in their order. */
  find (query: LoginQuery, range: LoginRange): Promise<LoginInfo[]>
  /** Forgets logins, and ends the sessions on their connections. Resolves to their number. */
  revoke (query: LoginQuery): Promise<number>
}

/** The minimum octets of a login in an answer, with a key and two times, and those of an answer without its logins. */
const LEAST_OCTETS = 280
const OCTETS_OF_ANSWER = 200
/** The octets of the names and separators of a login in JSON, and of each null or number. */
const OCTETS_OF_FORM = 130
const OCTETS_OF_NUMBER = 16
/** Text that JSON does not escape. */
const plainText = /^[ !#-[\]-~]*$/
/** Units of work to describe a login. */
const UNITS_OF_LOGIN = 12

/** `wamp.login.*`: cookie logins for operators. No part of the specification. `octets` bounds one answer. */
export function loginProcedures (logins: LoginsOfRealm, octets: number, findSession: FindSession, publish: PublishMetaEvent): Record<Uri, MetaProcedure> {
  return {
    // What waits for the store refers to no more of a call than it needs: the rest may be large.
    'wamp.login.list': ({ caller: { id }, kwargs }) => {
      const after = optional(toText, kwargs['after'], 'after') ?? ''
      // A caller that has left meanwhile needs no answer.
      const isWanted = (): boolean => findSession(id) !== undefined
      const finding = logins.find(toQuery(kwargs), { after, most: Math.ceil(octets / LEAST_OCTETS) + 1, units: UNITS_OF_LOGIN, isWanted })
      return finding.then((found) => isWanted() ? pageOf(found, octets) : [])
    },
    'wamp.login.revoke': ({ kwargs }) => {
      const query = toQuery(kwargs)
      if (Object.keys(query).length === 0) throw metaError(reasons.invalidArgument, 'at least one of cookie, authid and authrole is required to select logins')
      return revokeLogins(logins, publish, query).then((count) => [count])
    }
  }
}

/** As many logins as fit, and one at least. */
function pageOf (found: readonly LoginInfo[], octets: number): MetaResult {
  const described: object[] = []
  let size = OCTETS_OF_ANSWER
  for (const login of found) {
    const description = describe(login)
    const more = octetsOf(description)
    if (size + more > octets && described.length > 0) return { args: [described], kwargs: { more: found[described.length - 1]!.place } }
    size += more
    described.push(description)
  }
  return [described]
}

/** The octets of a description in JSON, with a comma, or a few more. */
function octetsOf (description: object): number {
  let octets = OCTETS_OF_FORM
  for (const value of Object.values(description)) {
    if (typeof value !== 'string') octets += OCTETS_OF_NUMBER
    else octets += plainText.test(value) ? value.length : Buffer.byteLength(JSON.stringify(value))
  }
  return octets
}

/** Deletes logins, and publishes `wamp.login.on_revoke`. */
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
