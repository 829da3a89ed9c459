import type { Action } from '../options.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict, Publish } from '../protocol/message.ts'
import { passthruOf } from '../protocol/passthru.ts'
import { Payload } from '../protocol/payload.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { layoutOf, toMessage } from '../protocol/wire-format.ts'
import { metaError, optional, toDict, toId, toText, toTexts } from './meta-argument.ts'
import { describeSession } from './meta-events.ts'
import type { MetaProcedure } from './service-session.ts'
import type { Verdict } from './role.ts'
import type { RoutedSession } from './routed-session.ts'
import type { Testaments, TestamentScope } from './testaments.ts'

/** What the procedures about sessions need of the realm. */
export interface SessionsOfRealm {
  readonly sessions: ReadonlyMap<Id, RoutedSession>
  ask (session: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy, options?: Dict): Verdict | Promise<Verdict>
  /** Ends sessions; `quietly` without a meta event or a testament. */
  kill (sessions: readonly RoutedSession[], reason: Uri, message: string | undefined, manner: 'told' | 'quietly'): void
}

/** True for a session that the meta API shows: the app's own are nobody else's business. */
export function isShown ({ principal }: RoutedSession): boolean {
  return principal.authrole !== 'trusted'
}

/**
 * `wamp.session.*`, but for testaments [advanced, Session Meta API]. `revokeLogins` forgets the cookie logins of an authid, for
 * `wamp.session.kill_by_authid` with `revoke_logins`, which is no part of the specification.
 */
export function sessionProcedures (realm: SessionsOfRealm, revokeLogins: (authid: string) => Promise<unknown>): Record<Uri, MetaProcedure> {
  const shown = (is: (session: RoutedSession) => boolean): RoutedSession[] => [...realm.sessions.values()].filter((session) => isShown(session) && is(session))
  const withRoles = (filter: unknown): RoutedSession[] => {
    const authroles = optional(toTexts, filter, 'filter_authroles')
    return shown(({ principal }) => authroles?.includes(principal.authrole) !== false)
  }
  const found = (id: unknown): RoutedSession => {
    const session = realm.sessions.get(toId(id, 'session'))
    if (session === undefined || !isShown(session)) throw metaError(reasons.noSuchSession, 'there is no such session')
    return session
  }
  const killAll = (sessions: RoutedSession[], kwargs: Kwargs, manner: 'told' | 'quietly' = 'told'): Id[] => {
    const { reason, message } = toFarewell(kwargs)
    realm.kill(sessions, reason, message, manner)
    return sessions.map(({ id }) => id)
  }

  return {
    'wamp.session.count': ({ args: [filter] }) => [withRoles(filter).length],
    'wamp.session.list': ({ args: [filter] }) => [withRoles(filter).map(({ id }) => id)],
    'wamp.session.get': ({ args: [id] }) => [describeSession(found(id))],
    'wamp.session.kill': ({ caller, args: [id], kwargs }) => {
      const session = found(id)
      if (session === caller) throw metaError(reasons.noSuchSession, 'a session cannot kill itself')
      killAll([session], kwargs)
      return []
    },
    'wamp.session.kill_by_authid': async ({ caller, args: [given], kwargs }) => {
      const authid = toText(given, 'authid')
      const { revoke_logins: revoking = false } = kwargs
      if (typeof revoking !== 'boolean') throw metaError(reasons.invalidArgument, 'revoke_logins must be a boolean')
      toFarewell(kwargs)
      // First, or a killed client would come back by its cookie.
      if (revoking) await revokeLogins(authid)
      return [killAll(shown((session) => session !== caller && session.principal.authid === authid), kwargs)]
    },
    'wamp.session.kill_by_authrole': ({ caller, args: [given], kwargs }) => {
      const authrole = toText(given, 'authrole')
      return [killAll(shown((session) => session !== caller && session.principal.authrole === authrole), kwargs).length]
    },
    'wamp.session.kill_all': ({ caller, kwargs }) => [killAll(shown((session) => session !== caller), kwargs, 'quietly').length]
  }
}

/** `wamp.session.add_testament` and `flush_testaments` [advanced, Testaments]. */
export function testamentProcedures (realm: SessionsOfRealm, testaments: Testaments): Record<Uri, MetaProcedure> {
  return {
    'wamp.session.add_testament': async ({ caller, args: [givenTopic, args, kwargs], kwargs: { publish_options: options, scope } }) => {
      const topic = toText(givenTopic, 'topic')
      const payload = Payload.of(optional(toList, args, 'args'), optional(toDict, kwargs, 'kwargs'))
      const { options: checked } = toPublish(caller, topic, optional(toDict, options, 'publish_options') ?? {}, payload)
      const { refusal } = await realm.ask(caller, 'publish', topic, 'exact', checked)
      // Who has left meanwhile leaves no more.
      if (!realm.sessions.has(caller.id)) return []
      if (refusal !== null) throw metaError(refusal, 'this session may not publish to that topic')
      if (!testaments.add(caller, toScope(scope), topic, checked, payload)) {
        throw metaError(reasons.limitExceeded, 'limits.testaments: this session has too many testaments')
      }
      return []
    },
    'wamp.session.flush_testaments': ({ caller, kwargs: { scope } }) => {
      testaments.flush(caller, toScope(scope))
      return []
    }
  }
}

function toFarewell ({ reason = reasons.killed, message }: Kwargs): { reason: Uri, message: string | undefined } {
  if (!isUri(reason)) throw metaError(reasons.invalidUri, 'reason must be a URI')
  return { reason, message: optional(toText, message, 'message') }
}

function toScope (scope: unknown = 'destroyed'): TestamentScope {
  if (scope !== 'destroyed' && scope !== 'detached') throw metaError(reasons.invalidArgument, 'scope must be one of destroyed, detached')
  return scope
}

function toList (value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw metaError(reasons.invalidArgument, `${name} must be a list`)
  return value
}

/** The PUBLISH that the session could have sent itself. */
function toPublish ({ features }: RoutedSession, topic: Uri, options: object, payload: Payload): Publish {
  try {
    const publish = toMessage(layoutOf(MessageType.Publish), [MessageType.Publish, 1, options, topic], payload) as Publish
    if (passthruOf(publish.options) === null || features.has('publisher.payload_passthru_mode')) return publish
  } catch (error) {
    throw error instanceof ProtocolViolation ? metaError(reasons.invalidArgument, `publish_options: ${error.message}`) : error
  }
  throw metaError(reasons.invalidArgument, 'publish_options.ppt_scheme needs payload_passthru_mode, which this publisher did not announce')
}
