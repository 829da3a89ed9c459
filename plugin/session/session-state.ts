import type { Principal } from '../auth/authenticator.ts'
import type { Features } from '../protocol/features.ts'
import { MessageType } from '../protocol/message.ts'
import type { MessageCode } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import type { Farewell } from './kicks.ts'

/**
 * The states of a session, as the router sees it [basic, Sessions]. `shutting_down`: the router has said GOODBYE and waits for the
 * answer. `logging_out`: the client has said GOODBYE, and is answered when its login is forgotten.
 */
export type SessionState = 'establishing' | 'authenticating' | 'established' | 'shutting_down' | 'logging_out' | 'closed'

const { Hello, Abort, Authenticate, Goodbye, Publish, Subscribe, Unsubscribe, Call, Cancel, Register, Unregister, Yield } = MessageType

/** What a client may send in each state. */
export const accepts: Readonly<Record<SessionState, ReadonlySet<MessageCode>>> = {
  establishing: new Set([Hello, Abort]),
  authenticating: new Set([Authenticate, Abort]),
  established: new Set([Publish, Subscribe, Unsubscribe, Call, Cancel, Register, Unregister, Yield, MessageType.Error, Goodbye, Abort]),
  shutting_down: new Set([Goodbye, Abort]),
  logging_out: new Set([Goodbye, Abort]),
  closed: new Set()
}

/** The requests that share one sequence of ids [basic, IDs]. */
export const sequenced: ReadonlySet<MessageCode> = new Set([Publish, Subscribe, Unsubscribe, Call, Register, Unregister])

/** The reason and the text of the ABORT for a client to which WELCOME could not be delivered. */
export const unwelcome: Readonly<Partial<Record<Delivery, readonly [reason: Uri, text: string]>>> = {
  unencodable: [reasons.authenticationFailed, 'your serializer cannot represent the granted details'],
  oversized: [reasons.payloadSizeExceeded, 'WELCOME exceeds the message size that you accept']
}

/** The principal and the features of a session that is not established. */
export const nobody: Principal = Object.freeze({ realm: '', authid: '', authrole: '', authmethod: '', authprovider: '' })
export const noFeatures: Features = new Set()

/** The GOODBYE of a session whose login has expired. */
export const expired: Farewell = { reason: reasons.logout, message: 'the login has expired' }
