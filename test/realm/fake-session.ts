import type { Principal } from '../../plugin/auth/authenticator.ts'
import { HeldValues } from '../../plugin/held-values.ts'
import type { FastifyWampOptions, RealmOptions } from '../../plugin/options.ts'
import type { Id } from '../../plugin/protocol/id.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { RouterMessage } from '../../plugin/protocol/message.ts'
import { Realm } from '../../plugin/realm/realm.ts'
import type { RoutedMessage } from '../../plugin/realm/requests.ts'
import type { RoutedSession } from '../../plugin/routing/routed-session.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import type { Delivery } from '../../plugin/transport/transport.ts'
import { everything, messageOf } from '../helper/build-router.ts'
import type { List } from '../helper/build-router.ts'

/** A session that keeps what it is sent until it leaves. */
export class FakeSession implements RoutedSession {
  readonly id: Id
  readonly principal: Principal
  readonly features: ReadonlySet<string>
  readonly transport = { type: 'in-process' } as const
  readonly isTrusted = false
  readonly sent: RouterMessage[] = []
  /** What it would have been sent after it had left. */
  readonly late: RouterMessage[] = []
  place = 0
  #state: 'open' | 'closed' = 'open'

  constructor (id: Id, { authrole = 'anonymous', features = [] }: { authrole?: string, features?: readonly string[] } = {}) {
    this.id = id
    this.principal = { realm: 'realm1', authid: `user${id}`, authrole, authmethod: 'anonymous', authprovider: 'static' }
    this.features = new Set(features)
  }

  send (message: RouterMessage): Delivery {
    const { sent, late } = this
    ;(this.#state === 'open' ? sent : late).push(message)
    return this.#state === 'open' ? 'sent' : 'closed'
  }

  /** Leaves a realm as a session does: nothing is sent to it from then on. */
  leave (realm: Realm): void {
    this.#state = 'closed'
    realm.leave(this)
  }

  takes (): boolean {
    return true
  }

  readonly isLosing = false

  caughtUp (): Promise<void> | null {
    return null
  }

  end (reason: string, message?: string): void {
    this.sent.push({ type: MessageType.Goodbye, details: message === undefined ? {} : { message }, reason })
  }
}

/** A realm in which the role `anonymous` may do everything, and `nobody` nothing. */
export function buildRealm (given: FastifyWampOptions['limits'] = {}, eventHistory: RealmOptions['eventHistory'] = [], held?: HeldValues): Realm {
  const { realms, limits } = resolveOptions({ realms: { realm1: { roles: { anonymous: everything, nobody: {} }, eventHistory } }, limits: given })
  let lastId = 0
  return new Realm({
    name: 'realm1',
    router: {},
    kicks: { add () {} },
    options: realms.realm1!,
    limits,
    held: held ?? new HeldValues(limits.heldBytes, { warn () {} }),
    authorizerTimeout: 1000,
    logins: { find: async () => [], revoke: async () => 0 },
    nextId: () => ++lastId,
    log: { error () {} }
  })
}

/** A message for a realm, from what stands on the wire. */
export function routed (...list: List): RoutedMessage {
  return messageOf(list) as RoutedMessage
}
