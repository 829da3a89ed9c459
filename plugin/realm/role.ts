import { Permissions } from '../auth/permissions.ts'
import type { Action } from '../options.ts'
import { reasons } from '../protocol/reasons.ts'
import { isReserved, isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri, UriCheck } from '../protocol/uri.ts'
import type { ResolvedRealm } from '../resolve-options.ts'
import { hasFewComponents } from './wildcard-tree.ts'

/** What the other side is told of who calls or publishes. */
export interface Disclosure {
  /** Who it is. */
  readonly disclose: boolean
  /** How far it may be trusted, from 0 [advanced, Call Trust Levels, Publication Trust Levels]. */
  readonly trustlevel: number | undefined
}

/** Whether a request on a URI goes through: `refusal` is the ERROR's URI, or null. */
export interface Verdict extends Disclosure {
  readonly refusal: Uri | null
  readonly forceReregister: boolean
}

/** A verdict that refuses. */
export function refused (refusal: Uri): Verdict {
  return { refusal, disclose: false, trustlevel: undefined, forceReregister: false }
}

/** The verdict that goes through, and tells nothing. */
export const granted: Verdict = { refusal: null, disclose: false, trustlevel: undefined, forceReregister: false }
const invalidUri = refused(reasons.invalidUri)
const notAuthorized = refused(reasons.notAuthorized)

/** How many verdicts are remembered for each action. Made-up URIs cannot make it grow: it is then begun anew. */
const REMEMBERED = 10_000
/** Characters of a URI that is remembered: longer ones are rare, and would make the memory large. */
const REMEMBERED_LENGTH = 256

/** A role of a realm: what its sessions may do. Each verdict is worked out once, and then one look-up. */
export class Role {
  /** May its sessions ask for disclosure? */
  readonly allowDiscloseMe: boolean
  readonly #permissions: Permissions
  readonly #uriCheck: UriCheck
  readonly #mayUseReserved: boolean
  readonly #remembered = { call: new Map<Uri, Verdict>(), register: new Map<Uri, Verdict>(), publish: new Map<Uri, Verdict>(), subscribe: new Map<Uri, Verdict>() }

  private constructor ({ permissions, allowDiscloseMe, uriCheck, mayUseReserved }: {
    permissions: Permissions
    allowDiscloseMe: boolean
    uriCheck: UriCheck
    mayUseReserved: boolean
  }) {
    this.#permissions = permissions
    this.allowDiscloseMe = allowDiscloseMe
    this.#uriCheck = uriCheck
    this.#mayUseReserved = mayUseReserved
  }

  /** The roles of a realm by name: the configured ones, and `trusted`, the app itself. */
  static rolesOf ({ roles, uriCheck }: ResolvedRealm): Map<string, Role> {
    const configured = Object.entries(roles).map(([name, { permissions, allowDiscloseMe }]) =>
      [name, new Role({ permissions: new Permissions(permissions), allowDiscloseMe, uriCheck, mayUseReserved: false })] as const)
    const trusted = new Role({ permissions: Permissions.everything, allowDiscloseMe: true, uriCheck, mayUseReserved: true })
    return new Map([...configured, ['trusted', trusted]])
  }

  /** The verdict on an action on a URI, or on a pattern. */
  verdict (action: Action, uri: Uri, match: MatchPolicy = 'exact'): Verdict {
    if (match !== 'exact') return this.#workOut(action, uri, match)
    const remembered = this.#remembered[action]
    const known = remembered.get(uri)
    if (known !== undefined) return known

    const verdict = this.#workOut(action, uri, match)
    if (uri.length > REMEMBERED_LENGTH) return verdict
    if (remembered.size >= REMEMBERED) remembered.clear()
    remembered.set(uri, verdict)
    return verdict
  }

  #workOut (action: Action, uri: Uri, match: MatchPolicy): Verdict {
    if (!isUri(uri, match, this.#uriCheck)) return invalidUri
    if (match === 'wildcard' && !hasFewComponents(uri)) return invalidUri
    // Nobody but the router and the app speaks in the name of `wamp.`; listening and calling is a matter of permission.
    if (isReserved(uri) && !this.#mayUseReserved && (action === 'register' || action === 'publish')) return invalidUri
    const { allow, disclose, trustlevel, forceReregister } = this.#permissions.decide(action, uri, match)
    if (!allow) return notAuthorized
    return disclose || trustlevel !== undefined || forceReregister ? { refusal: null, disclose, trustlevel, forceReregister } : granted
  }
}
