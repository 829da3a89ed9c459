import type { SessionEvents } from '../meta/meta-events.ts'
import type { MetaProcedure } from '../meta/service-session.ts'
import type { SessionsOfRealm } from '../meta/session-procedures.ts'
import { WampError } from '../errors.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { OwnSession } from '../routing/own-session.ts'
import type { OwnIdentity } from '../routing/own-session.ts'
import type { FederatedSessions } from '../routing/federated-routing.ts'
import type { Answer, KillFilter, KillOrder, Question } from '../routing/federation.ts'
import type { RoutedSession } from '../routing/routed-session.ts'
import type { Sessions } from '../routing/sessions.ts'
import type { Kicks } from '../session/kicks.ts'
import { spend } from '../work.ts'
import type { Delivery } from '../transport/transport.ts'

/** Who asks: another node, for the app or for a client. */
class Asking extends OwnSession {
  override readonly isTrusted: boolean
  readonly features: ReadonlySet<string> = new Set()

  constructor (identity: OwnIdentity, isTrusted: boolean) {
    super(identity)
    this.isTrusted = isTrusted
  }

  send (): Delivery {
    return 'closed'
  }
}

/** What other nodes do with the sessions of a realm, and what they ask about it. */
export class SessionsForNodes implements FederatedSessions {
  readonly #sessions: Sessions
  readonly #events: SessionEvents
  readonly #identity: OwnIdentity
  readonly #questions: Readonly<Record<string, MetaProcedure>>
  readonly #realm: Pick<SessionsOfRealm, 'kill'> & { readonly name: Uri }
  readonly #kicks: Pick<Kicks, 'add'>
  readonly forgetDecisions: FederatedSessions['forgetDecisions']

  constructor ({ sessions, events, identity, questions, realm, kicks, forgetDecisions }: {
    sessions: Sessions
    events: SessionEvents
    /** The identity in whose name other nodes ask. */
    identity: OwnIdentity
    /** The questions of other nodes. */
    questions: Readonly<Record<string, MetaProcedure>>
    realm: Pick<SessionsOfRealm, 'kill'> & { readonly name: Uri }
    kicks: Pick<Kicks, 'add'>
    forgetDecisions: FederatedSessions['forgetDecisions']
  }) {
    this.#sessions = sessions
    this.#events = events
    this.#identity = identity
    this.#questions = questions
    this.#realm = realm
    this.#kicks = kicks
    this.forgetDecisions = forgetDecisions
  }

  * shown (): Iterable<RoutedSession> {
    for (const session of this.#sessions.byId.values()) if (session.node === undefined && !session.isTrusted) yield session
  }

  nextPlace (): number {
    return this.#sessions.nextPlace()
  }

  arrived (session: RoutedSession): void {
    this.#sessions.add(session)
  }

  departed (session: RoutedSession): void {
    this.#sessions.delete(session)
  }

  * vanished (sessions: readonly RoutedSession[]): Generator<void> {
    for (const session of sessions) this.#sessions.delete(session)
    for (const session of sessions) {
      this.#events.left(session, 'everywhere')
      yield
    }
  }

  kill (filter: KillFilter, order: KillOrder): void {
    const matching = this.#selected(filter).filter(({ node, isTrusted, principal: { authid, authrole } }) =>
      node === undefined && !isTrusted && (filter.authid ?? authid) === authid && (filter.authrole ?? authrole) === authrole)
    this.#realm.kill(matching, order)
    this.#kicks.add({ realm: this.#realm.name, filter, reason: order.reason, message: order.message })
  }

  /** The sessions among which those that match a filter are. */
  #selected ({ session: id, authid, authrole }: KillFilter): readonly RoutedSession[] {
    const session = id === undefined ? undefined : this.#sessions.byId.get(id)
    if (id !== undefined) return session === undefined ? [] : [session]
    const sessions = authid !== undefined ? this.#sessions.ofAuthid(authid) : this.#sessions.after(authrole === undefined ? undefined : [authrole], 0, Infinity)
    spend(sessions.length)
    return sessions
  }

  async answer ({ name, args, kwargs, isTrusted }: Question): Promise<Answer> {
    const procedure = Object.hasOwn(this.#questions, name) ? this.#questions[name] : undefined
    if (procedure === undefined) throw new WampError(reasons.noSuchProcedure)
    const result = await procedure({ caller: new Asking(this.#identity, isTrusted), args: [...args], kwargs, state: 'open', whenCanceled: () => {} })
    return 'args' in result ? result : { args: result, kwargs: {} }
  }
}
