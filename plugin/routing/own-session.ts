import type { Principal } from '../auth/authenticator.ts'
import type { Features } from '../protocol/features.ts'
import type { Id } from '../protocol/id.ts'
import type { RouterMessage } from '../protocol/message.ts'
import type { Payload } from '../protocol/payload.ts'
import type { Delivery, TransportDetails } from '../transport/transport.ts'
import type { RoutedSession } from './routed-session.ts'

/** The identity of the router in a realm. */
export interface OwnIdentity { readonly id: Id, readonly principal: Principal }

/** A session of the router itself. It is not among the realm's sessions, has no connection, and is never ended. */
export abstract class OwnSession implements RoutedSession {
  readonly id: Id
  readonly principal: Principal
  abstract readonly features: Features
  readonly transport: TransportDetails = { type: 'in-process' }
  readonly isTrusted: boolean = true
  place = 0

  constructor ({ id, principal }: OwnIdentity) {
    this.id = id
    this.principal = principal
  }

  abstract send (message: RouterMessage): Delivery

  takes (payload: Payload): boolean {
    return payload.hasForm(null)
  }

  get isLosing (): boolean {
    return false
  }

  caughtUp (): null {
    return null
  }

  end (): void {}
}
