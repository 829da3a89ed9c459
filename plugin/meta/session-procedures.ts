import type { Action } from '../protocol/action.ts'
import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { Dict, Publish } from '../protocol/message.ts'
import { usesPassthru } from '../protocol/passthru.ts'
import { Payload } from '../protocol/payload.ts'
import type { Kwargs } from '../protocol/payload.ts'
import { reasons } from '../protocol/reasons.ts'
import { isUri } from '../protocol/uri.ts'
import type { MatchPolicy, Uri } from '../protocol/uri.ts'
import { ProtocolViolation } from '../protocol/violation.ts'
import { layoutOf, toMessage } from '../protocol/wire-format.ts'
import { spend } from '../work.ts'
import { metaError, optional, toDict, toId, toText, toTexts } from './meta-argument.ts'
import { describeSession } from './meta-events.ts'
import { mostIds, pageOf } from './page.ts'
import type { PendingVerdict } from '../authorization/pending-verdict.ts'
import { whenDecided } from './when-decided.ts'
import type { Verdict } from '../authorization/verdict.ts'
import type { KillFilter, KillOrder } from '../routing/federation.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { MetaProcedure, MetaResult } from './service-session.ts'
import type { Sessions } from '../routing/sessions.ts'
import type { Testaments, TestamentScope } from '../routing/testaments.ts'

/** The part of the realm that the procedures about sessions need. */
export interface SessionsOfRealm {
  readonly sessions: ReadonlyMap<Id, RoutedSession>
  ask (session: RoutedSession, action: Action, uri: Uri, match?: MatchPolicy, options?: Dict): Verdict | PendingVerdict
  /** Ends sessions of this node; `quietly` without a meta event or a testament. */
  kill (sessions: readonly RoutedSession[], order: KillOrder): void
  /** Ends logins in progress, as soon as they are complete, and sessions of other nodes, if they match a filter. */
  killOthers (filter: KillFilter, order: KillOrder): void
}

/**
 * `wamp.session.*` without testaments [advanced, Session Meta API]. `octets` limits one answer. `revokeLogins` deletes the cookie logins
 * of an authid, for `wamp.session.kill_by_authid` with `revoke_logins`, which is not defined by the specification.
 */
export function sessionProcedures (realm: SessionsOfRealm, sessions: Sessions, octets: number, revokeLogins: (authid: string) => Promise<unknown>): Record<Uri, MetaProcedure> {
  const most = mostIds(octets)
  const found = (id: unknown): RoutedSession => {
    const session = sessions.byId.get(toId(id, 'session'))
    if (session === undefined || session.isTrusted) throw metaError(reasons.noSuchSession, 'there is no such session')
    return session
  }
  /** Ends these sessions, and others that match the filter without being known here. */
  const kill = (caller: RoutedSession, given: readonly RoutedSession[], filter: KillFilter, kwargs: Kwargs, manner: 'told' | 'quietly' = 'told'): RoutedSession[] => {
    const order = { ...toFarewell(kwargs), manner }
    const killed = given.filter((session) => session !== caller)
    spend(given.length)
    realm.kill(killed, order)
    realm.killOthers(filter, order)
    return killed
  }

  return {
    'wamp.session.count': ({ args: [filter] }) => [sessions.count(toRoles(filter))],
    'wamp.session.list': ({ args: [filter], kwargs }) => {
      const roles = toRoles(filter)
      const page = pageOf(kwargs, most, (place, count) => sessions.after(roles, place, count), ({ place }) => place)
      return { args: [page.items.map(({ id }) => id)], kwargs: page.kwargs }
    },
    'wamp.session.get': ({ args: [id] }) => [describeSession(found(id))],
    'wamp.session.kill': ({ caller, args: [id], kwargs }) => {
      const session = found(id)
      if (session === caller) throw metaError(reasons.noSuchSession, 'a session cannot kill itself')
      kill(caller, [session], { session: session.id }, kwargs)
      return []
    },
    'wamp.session.kill_by_authid': ({ caller, args: [given], kwargs }) => {
      const authid = toText(given, 'authid')
      const { revoke_logins: revoking = false } = kwargs
      if (typeof revoking !== 'boolean') throw metaError(reasons.invalidArgument, 'revoke_logins must be a boolean')
      toFarewell(kwargs)
      const ids = kill(caller, sessions.ofAuthid(authid), { authid }, kwargs).map(({ id }) => id)
      const result: MetaResult = ids.length <= most ? [ids] : { args: [ids.slice(0, most)], kwargs: { count: ids.length } }
      // In the same turn, because a killed client would otherwise reconnect by its cookie. The sessions end even if the store fails.
      return revoking ? revokeLogins(authid).then(() => result) : result
    },
    'wamp.session.kill_by_authrole': ({ caller, args: [given], kwargs }) => {
      const authrole = toText(given, 'authrole')
      const { length } = kill(caller, sessions.after([authrole], 0, Infinity), { authrole }, kwargs)
      return [length]
    },
    'wamp.session.kill_all': ({ caller, kwargs }) => {
      const { length } = kill(caller, sessions.after(undefined, 0, Infinity), {}, kwargs, 'quietly')
      return [length]
    }
  }
}

/** `wamp.session.add_testament` and `flush_testaments` [advanced, Testaments]. */
export function testamentProcedures (realm: SessionsOfRealm, testaments: Testaments): Record<Uri, MetaProcedure> {
  return {
    'wamp.session.add_testament': (call) => {
      const { caller, args: [givenTopic, args, kwargs], kwargs: { publish_options: options, scope: givenScope } } = call
      const topic = toText(givenTopic, 'topic')
      const payload = Payload.of(optional(toList, args, 'args'), optional(toDict, kwargs, 'kwargs'))
      const { options: checked } = toPublish(caller, topic, optional(toDict, options, 'publish_options') ?? {}, payload)
      const scope = toScope(givenScope)
      return whenDecided(call, realm.ask(caller, 'publish', topic, 'exact', checked), ({ refusal }) => {
        // A session that has left in the meantime, or has canceled the call, adds no testament.
        if (!realm.sessions.has(caller.id) || call.state === 'canceled') return []
        if (refusal !== null) throw metaError(refusal, 'this session may not publish to that topic')
        if (!testaments.add(caller, scope, topic, checked, payload)) {
          throw metaError(reasons.limitExceeded, 'limits.testaments: this session has too many testaments')
        }
        return []
      })
    },
    'wamp.session.flush_testaments': ({ caller, kwargs: { scope } }) => {
      testaments.flush(caller, toScope(scope))
      return []
    }
  }
}

/** The roles of a filter; undefined for all. */
function toRoles (filter: unknown): readonly string[] | undefined {
  const roles = optional(toTexts, filter, 'filter_authroles')
  spend(roles?.length ?? 0)
  return roles
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
    if (!usesPassthru(publish.options) || features.has('publisher.payload_passthru_mode')) return publish
  } catch (error) {
    throw error instanceof ProtocolViolation ? metaError(reasons.invalidArgument, `publish_options: ${error.message}`) : error
  }
  throw metaError(reasons.invalidArgument, 'publish_options.ppt_scheme needs payload_passthru_mode, which this publisher did not announce')
}
