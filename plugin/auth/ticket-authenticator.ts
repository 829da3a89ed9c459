import { WampError } from '../errors.ts'
import type { TicketOptions } from '../auth-options.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Authenticator } from './authenticator.ts'
import { isSameSecret, DecoyCredentials } from './secrets.ts'

/** Ticket-based authentication: the client sends a shared secret in the clear [advanced, Ticket-based Authentication]. */
export function ticketAuthenticator ({ principals }: Omit<TicketOptions, 'type'>): Authenticator {
  const known = new Map(Object.entries(principals))
  const decoys = new DecoyCredentials(principals)
  return async ({ authid, challenge }) => {
    if (authid === undefined) throw new WampError(reasons.noSuchPrincipal, { args: ['ticket needs an authid'] })
    const { signature } = await challenge()
    // An unknown user gets the same answer at the same time as one with a wrong ticket.
    const principal = known.get(authid)
    // Computed for all users, so that it takes the same time.
    const unknown = decoys.text(authid)
    const right = isSameSecret(signature, principal?.ticket ?? unknown)
    if (principal === undefined || !right) throw new WampError(reasons.authenticationDenied, { args: ['the ticket is wrong'] })
    const { role, realm } = principal
    return { authid, role, authprovider: 'static', ...(realm === undefined ? {} : { realm }) }
  }
}
