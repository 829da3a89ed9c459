import { MessageType } from '../protocol/message.ts'
import type { ErrorMessage, Register, Unregistered } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import { refusal } from './refusal.ts'
import type { Registration } from './registration.ts'
import type { RoutedSession } from './routed-session.ts'

/** True if the client is informed when its registration is revoked. */
export function isInformed ({ features }: RoutedSession): boolean {
  return features.has('callee.registration_revocation')
}

/** The UNREGISTERED that informs a callee [advanced, Registration Revocation]. */
export function revocation ({ id: registration }: Registration, reason: Uri | undefined): Unregistered {
  return { type: MessageType.Unregistered, request: 0, details: { registration, ...(reason === undefined ? {} : { reason }) } }
}

/** Why a registration takes no further callee; null if it does. */
export function conflictOf ({ invoke: known }: Registration, { request, options: { invoke = 'single' } }: Register): ErrorMessage | null {
  if (known === 'single') return refusal(MessageType.Register, request, reasons.procedureAlreadyExists)
  return known === invoke ? null : refusal(MessageType.Register, request, reasons.procedureAlreadyExists, `the procedure is registered with invoke "${known}"`)
}
