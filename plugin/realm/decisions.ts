import { toDecision } from '../auth/authorizer.ts'
import type { Authorizer } from '../auth/authorizer.ts'
import type { Action } from '../options.ts'
import type { Dict } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { Recent } from '../recent.ts'
import { inTime, isThenable } from '../thenable.ts'
import type { RealmLog } from './realm.ts'
import { refused } from './role.ts'
import type { Verdict } from './role.ts'
import type { RoutedSession } from './routed-session.ts'

/** The maximum number of cached decisions for a role. The oldest ones are removed first. */
const MOST_KEPT = 10_000

/** The maximum number of characters in a cache key: longer ones are rare and would use much memory. */
const LONGEST_KEPT = 1024

/** The maximum number of options in a compared request, because a client can send a hundred thousand. */
const MOST_OPTIONS = 16

const failed = refused(reasons.authorizationFailed)
const notAuthorized = refused(reasons.notAuthorized)

/** The decisions of a role's authorizer. Equal requests of a session share one pending decision. Decisions with `cache` are cached. */
export class Decisions {
  readonly #authorizer: Authorizer
  readonly #timeout: number
  readonly #log: RealmLog
  readonly #kept = new Recent<string, { readonly authid: string, readonly verdict: Verdict }>(MOST_KEPT)
  /** The pending decisions, by session, because the authorizer may use more of a session than its principal. */
  #asked = new WeakMap<RoutedSession, Map<string, Promise<Verdict>>>()

  constructor ({ authorizer, timeout, log }: {
    authorizer: Authorizer
    /** The authorizer's timeout in milliseconds. */
    timeout: number
    log: RealmLog
  }) {
    this.#authorizer = authorizer
    this.#timeout = timeout
    this.#log = log
  }

  /** The verdict on an action; a promise that never rejects if the authorizer is asynchronous. */
  decide (session: RoutedSession, action: Action, uri: Uri, match: MatchPolicy, options: Dict): Verdict | Promise<Verdict> {
    const { authid, authmethod, authprovider, authextra = null } = session.principal
    const key = uri.length > LONGEST_KEPT ? null : JSON.stringify([authid, authmethod, authprovider, authextra, action, match, uri], withoutBigInts)
    const kept = key === null ? undefined : this.#kept.get(key)
    if (kept !== undefined) return kept.verdict

    const asked = this.#asked.get(session)
    const question = key === null ? null : questionOf(key, options)
    const known = question === null ? undefined : asked?.get(question)
    if (known !== undefined) return known
    const verdict = this.#ask(session, action, uri, options, key)
    if (question === null || !(verdict instanceof Promise)) return verdict
    const asking = asked ?? new Map<string, Promise<Verdict>>()
    this.#asked.set(session, asking)
    asking.set(question, verdict)
    verdict.then(() => { asking.delete(question) })
    return verdict
  }

  /** Deletes cached decisions, for one authid or for all. Pending decisions will not be cached. */
  forget (authid?: string): void {
    this.#asked = new WeakMap()
    this.#kept.forget((kept) => authid === undefined || kept.authid === authid)
  }

  #ask (session: RoutedSession, action: Action, uri: Uri, options: Dict, key: string | null): Verdict | Promise<Verdict> {
    const { id, principal: { authid, authrole, authmethod, authprovider, authextra }, transport } = session
    const about = { role: authrole, action, uri: uri.slice(0, LONGEST_KEPT) }
    try {
      const answer = this.#authorizer({ session: id, authid, authrole, authmethod, authprovider, ...(authextra === undefined ? {} : { authextra }), transport }, uri, action, options)
      if (!isThenable(answer)) return this.#take(answer, key, authid)
      const current = this.#asked
      return inTime(answer, this.#timeout, () => new Error('the authorizer did not answer in time'))
        .then((decided) => this.#take(decided, current === this.#asked ? key : null, authid))
        .catch((error: unknown) => this.#fail(error, about))
    } catch (error) {
      return this.#fail(error, about)
    }
  }

  #take (answer: unknown, key: string | null, authid: string): Verdict {
    const { allow, cache, disclose, trustlevel, forceReregister } = toDecision(answer)
    const verdict = allow ? { refusal: null, disclose, trustlevel, forceReregister } : notAuthorized
    if (!cache || key === null || key.length > LONGEST_KEPT) return verdict
    this.#kept.set(key, { authid, verdict })
    return verdict
  }

  #fail (error: unknown, about: object): Verdict {
    this.#log.error({ err: error, ...about }, 'the authorizer failed')
    return failed
  }
}

/** The key of equal requests; null if the options are too expensive to compare. */
function questionOf (key: string, options: Dict): string | null {
  let question = key
  let count = 0
  for (const name in options) {
    const value = options[name]
    if (++count > MOST_OPTIONS || typeof value === 'object' || typeof value === 'bigint') return null
    if (name.length > LONGEST_KEPT || (typeof value === 'string' && value.length > LONGEST_KEPT)) return null
    question += JSON.stringify([name, value])
  }
  return question
}

function withoutBigInts (_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
