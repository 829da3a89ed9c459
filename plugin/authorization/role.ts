import type { Authorizer } from './authorizer.ts'
import { Permissions } from './permissions.ts'
import type { Action } from '../protocol/action.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import { trusted } from '../protocol/trusted.ts'
import { isReserved, isUri, LONGEST_URI } from '../protocol/uri.ts'
import type { MatchPolicy, Uri, UriCheck } from '../protocol/uri.ts'
import type { ResolvedRealm } from '../resolved-options.ts'
import type { Decisions } from './decisions.ts'
import type { PendingVerdict } from './pending-verdict.ts'
import { granted, refused } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import { hasFewComponents } from '../routing/wildcard-index.ts'

const invalidUri = refused(reasons.invalidUri)
const notAuthorized = refused(reasons.notAuthorized)

/** The maximum number of cached verdicts for each action. At the limit, the cache is cleared, so made-up URIs cannot make it grow. */
const REMEMBERED = 10_000
/** The maximum number of characters of a cached URI: longer ones are rare and would use much memory. */
const REMEMBERED_LENGTH = 256

/** A role of a realm. Each verdict is computed once and then cached. */
export class Role {
  /** True if its sessions may request disclosure. */
  readonly allowDiscloseMe: boolean
  readonly #permissions: Permissions
  readonly #uriCheck: UriCheck
  readonly #mayUseReserved: boolean
  /** The decisions of its authorizer; null if it has permissions. */
  readonly #decisions: Decisions | null
  readonly #remembered = { call: new Map<Uri, Verdict>(), register: new Map<Uri, Verdict>(), publish: new Map<Uri, Verdict>(), subscribe: new Map<Uri, Verdict>() }

  private constructor ({ permissions, decisions, allowDiscloseMe, uriCheck, mayUseReserved }: {
    permissions: Permissions
    decisions: Decisions | null
    allowDiscloseMe: boolean
    uriCheck: UriCheck
    mayUseReserved: boolean
  }) {
    this.#permissions = permissions
    this.#decisions = decisions
    this.allowDiscloseMe = allowDiscloseMe
    this.#uriCheck = uriCheck
    this.#mayUseReserved = mayUseReserved
  }

  /** The roles of a realm, by name: the configured ones, and `trusted`, the app itself. */
  static rolesOf ({ roles, uriCheck }: ResolvedRealm, decisionsOf: (authorizer: Uri | Authorizer) => Decisions): Map<string, Role> {
    const configured = Object.entries(roles).map(([name, { permissions, authorizer, allowDiscloseMe }]) => {
      const decisions = authorizer === null ? null : decisionsOf(authorizer)
      return [name, new Role({ permissions: new Permissions(permissions), decisions, allowDiscloseMe, uriCheck, mayUseReserved: false })] as const
    })
    const own = new Role({ permissions: Permissions.everything, decisions: null, allowDiscloseMe: true, uriCheck, mayUseReserved: true })
    return new Map([...configured, [trusted, own]])
  }

  /** The verdict on a session's action; a pending one if an authorizer is asynchronous. */
  ask (session: RoutedSession, action: Action, uri: Uri, match: MatchPolicy | undefined, options: Dict): Verdict | PendingVerdict {
    if (this.#decisions === null) return this.verdict(action, uri, match)
    return this.#fault(action, uri, match ?? 'exact') ?? this.#decisions.decide(session, action, uri, match ?? 'exact', options)
  }

  /** Deletes the cached decisions of its authorizer, for one authid or for all. */
  forgetDecisions (authid?: string): void {
    this.#decisions?.forget(authid)
  }

  /** The verdict of its permissions on an action on a URI or a pattern. */
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
    const fault = this.#fault(action, uri, match)
    if (fault !== null) return fault
    const { allow, disclose, trustlevel, forceReregister } = this.#permissions.decide(action, uri, match)
    if (!allow) return notAuthorized
    return disclose || trustlevel !== undefined || forceReregister ? { refusal: null, disclose, trustlevel, forceReregister } : granted
  }

  /** The fault of a URI, independent of permissions. */
  #fault (action: Action, uri: Uri, match: MatchPolicy): Verdict | null {
    if (uri.length > LONGEST_URI) return invalidUri
    if (!isUri(uri, match, this.#uriCheck)) return invalidUri
    if (match === 'wildcard' && !hasFewComponents(uri)) return invalidUri
    // Only the router and the app may publish or register `wamp.*`. Subscribing and calling depend on permissions.
    const speaks = action === 'register' || action === 'publish'
    return isReserved(uri) && !this.#mayUseReserved && speaks ? invalidUri : null
  }
}
