import { toDecision } from './authorizer.ts'
import type { Authorization, Authorizer } from './authorizer.ts'
import type { HeldValues } from '../held-values.ts'
import { memoryOf } from '../memory-of.ts'
import type { Action } from '../protocol/action.ts'
import type { Dict } from '../protocol/message.ts'
import type { Args } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { Recent } from '../recent.ts'
import { inTime, isThenable } from '../thenable.ts'
import { Abandonment, Question } from './pending-verdict.ts'
import type { PendingVerdict } from './pending-verdict.ts'
import { refused } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import { sharerOf } from '../routing/routed-session.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Cancellation } from './cancellation.ts'

/** The part of a logger that a realm uses. */
export interface RealmLog { error (details: object, text: string): void }

/** The maximum number of cached decisions for a role. The oldest ones are removed first. */
const MOST_KEPT = 10_000

/** The maximum number of characters in a cache key: longer ones are rare and would use much memory. */
const LONGEST_KEPT = 1024

/** The maximum number of options in a compared request, because a client can send a hundred thousand. */
const MOST_OPTIONS = 16

const failed = refused(reasons.authorizationFailed)
const notAuthorized = refused(reasons.notAuthorized)
const tooMany = refused(reasons.limitExceeded)
const noArgs: Args = []

/** A question to an authorizer. `bytes` is the memory of the options that it keeps. */
interface Asking {
  readonly session: RoutedSession
  readonly action: Action
  readonly uri: Uri
  readonly options: Dict
  readonly key: string | null
  readonly bytes: number
}

/** An authorizer that is a procedure. The signal is aborted when no request waits for the decision any more. */
export interface ProcedureAuthorizer {
  call (...given: [...Parameters<Authorizer>, Cancellation | undefined]): Promise<boolean | Authorization>
}

/** The decisions of a role's authorizer. Equal requests of a session share one pending decision. Decisions with `cache` are cached. */
export class Decisions {
  readonly #authorizer: Authorizer | ProcedureAuthorizer
  readonly #timeout: number
  readonly #most: number
  readonly #held: HeldValues
  readonly #log: RealmLog
  readonly #kept = new Recent<string, { readonly authid: string, readonly verdict: Verdict }>(MOST_KEPT)
  /** The pending decisions, by session, because the authorizer may use more of a session than its principal. */
  #asked = new WeakMap<RoutedSession, Map<string, Question>>()

  /** The number of pending decisions, by session. A request may be over before its decision: it may have been canceled. */
  readonly #pending = new WeakMap<RoutedSession, number>()

  constructor ({ authorizer, timeout, most, held, log }: {
    authorizer: Authorizer | ProcedureAuthorizer
    /** The authorizer's timeout in milliseconds. */
    timeout: number
    /** The maximum number of pending decisions about one session. */
    most: number
    /** Counts the options that functions keep until they have decided. */
    held: HeldValues
    log: RealmLog
  }) {
    this.#authorizer = authorizer
    this.#timeout = timeout
    this.#most = most
    this.#held = held
    this.#log = log
  }

  /** The verdict on an action; a pending one if the authorizer is asynchronous. */
  decide (session: RoutedSession, action: Action, uri: Uri, match: MatchPolicy, options: Dict): Verdict | PendingVerdict {
    const { authid, authmethod, authprovider, authextra = null } = session.principal
    const key = uri.length > LONGEST_KEPT ? null : keyOf([authid, authmethod, authprovider, authextra, action, match, uri])
    const kept = key === null ? undefined : this.#kept.get(key)
    if (kept !== undefined) return kept.verdict

    const question = key === null ? null : questionOf(key, options)
    const known = question === null ? undefined : this.#asked.get(session)?.get(question)
    if (known !== undefined) return known.wait()
    if ((this.#pending.get(session) ?? 0) >= this.#most) return tooMany
    // A function keeps the options until it has decided, even if the request is canceled.
    const bytes = typeof this.#authorizer === 'function' ? memoryOf({ args: noArgs, kwargs: options }) : 0
    if (!this.#held.hasRoom(sharerOf(session), bytes)) return tooMany
    const abandonment = typeof this.#authorizer === 'function' ? null : new Abandonment()
    const verdict = this.#ask({ session, action, uri, options, key, bytes }, abandonment ?? undefined)
    return verdict instanceof Promise ? this.#share(session, question, verdict, abandonment).wait() : verdict
  }

  /** Deletes cached decisions, for one authid or for all. Pending decisions will not be cached. */
  forget (authid?: string): void {
    this.#asked = new WeakMap()
    this.#kept.forget((kept) => authid === undefined || kept.authid === authid)
  }

  /** A pending question, which equal requests of the session share; null for one that is not compared. */
  #share (session: RoutedSession, key: string | null, verdict: Promise<Verdict>, abandonment: Abandonment | null): Question {
    const asked = this.#asked.get(session) ?? new Map<string, Question>()
    const forget = (): void => { if (key !== null && asked.get(key) === question) asked.delete(key) }
    const question = new Question(verdict, () => {
      // A function cannot be canceled: its decision may still answer an equal request.
      if (abandonment === null) return
      forget()
      abandonment.abort()
    })
    this.#pending.set(session, (this.#pending.get(session) ?? 0) + 1)
    verdict.then(() => {
      this.#pending.set(session, this.#pending.get(session)! - 1)
      forget()
    })
    if (key !== null) this.#asked.set(session, asked.set(key, question))
    return question
  }

  /** Asks the authorizer. The promise never rejects. */
  #ask ({ session, action, uri, options, key, bytes }: Asking, signal: Cancellation | undefined): Verdict | Promise<Verdict> {
    const authorizer = this.#authorizer
    const { id, principal: { authid, authrole, authmethod, authprovider, authextra }, transport } = session
    const about = { role: authrole, action, uri: uri.slice(0, LONGEST_KEPT) }
    try {
      const asking = { session: id, authid, authrole, authmethod, authprovider, ...(authextra === undefined ? {} : { authextra }), transport }
      const answer = typeof authorizer === 'function' ? authorizer(asking, uri, action, options) : authorizer.call(asking, uri, action, options, signal)
      if (!isThenable(answer)) return this.#take(answer, key, authid)
      if (bytes > 0) this.#held.until(answer as Promise<unknown>, this.#held.hold(sharerOf(session), bytes))
      const current = this.#asked
      return inTime(answer, this.#timeout, () => new Error('the authorizer did not answer in time'))
        .then((decided) => this.#take(decided, current === this.#asked ? key : null, authid))
        .catch((error: unknown) => signal?.aborted === true ? failed : this.#fail(error, about))
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

/** Only information from authenticators can contain a BigInt, and a replacer takes long. */
function keyOf (parts: readonly unknown[]): string {
  return JSON.stringify(parts, parts.some((part) => typeof part === 'object' && part !== null) ? withoutBigInts : undefined)
}

function withoutBigInts (_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
