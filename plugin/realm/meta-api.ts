import { federatedSubscriptions, subscriptionQuestions } from '../meta/federated-subscriptions.ts'
import { loginProcedures, revokeLogins } from '../meta/login-procedures.ts'
import type { LoginsOfRealm } from '../meta/login-procedures.ts'
import type { PublishMetaEvent } from '../meta/meta-events.ts'
import { registrationProcedures } from '../meta/registration-procedures.ts'
import type { FindSession } from '../meta/registration-procedures.ts'
import type { MetaProcedure } from '../meta/service-session.ts'
import { sessionProcedures, testamentProcedures } from '../meta/session-procedures.ts'
import type { SessionsOfRealm } from '../meta/session-procedures.ts'
import { subscriptionProcedures } from '../meta/subscription-procedures.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Federation } from '../routing/federation.ts'
import type { Registrations } from '../routing/registrations.ts'
import type { Sessions } from '../routing/sessions.ts'
import type { Subscriptions } from '../routing/subscriptions.ts'
import type { Testaments } from '../routing/testaments.ts'

/** The meta API of a realm: its procedures, in the order of registration, and what other nodes may ask. */
export function metaApi ({ realm, sessions, subscriptions, registrations, testaments, federation, octets, logins, publish }: {
  realm: SessionsOfRealm
  sessions: Sessions
  subscriptions: Subscriptions
  registrations: Registrations
  testaments: Testaments
  /** The other nodes; null if there are none. */
  federation: Federation | null
  /** The octets of one answer. */
  octets: number
  logins: LoginsOfRealm
  publish: PublishMetaEvent
}): { procedures: Record<Uri, MetaProcedure>, questions: Record<string, MetaProcedure>, findSession: FindSession } {
  const findSession: FindSession = (id) => sessions.byId.get(id)
  const findCallee: FindSession = (id) => {
    const session = findSession(id)
    return session === undefined || federation === null ? session : federation.calleeOf(session)
  }
  const local = subscriptionProcedures(subscriptions, realm, octets)
  const procedures = {
    ...sessionProcedures(realm, sessions, octets, (authid) => revokeLogins(logins, publish, { authid })),
    ...loginProcedures(logins, octets, findSession, publish),
    ...testamentProcedures(realm, testaments),
    ...registrationProcedures(registrations, findCallee, octets),
    ...local,
    ...(federation === null ? {} : federatedSubscriptions({ federation, local, subscriptions, findSession, octets }))
  }
  return { procedures, questions: federation === null ? {} : subscriptionQuestions(local, subscriptions), findSession }
}
