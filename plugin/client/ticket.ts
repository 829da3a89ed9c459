import { secretOf } from './login.ts'
import type { Login, Secret } from './login.ts'

/** Logs in with a ticket: a password or token that is sent as it is. */
export function ticket ({ authid, ticket }: {
  /** The name of the user. */
  readonly authid: string
  /** The ticket, or a function that asks for it. */
  readonly ticket: Secret
}): Login {
  return {
    method: 'ticket',
    authid,
    begin: () => ({ answer: async () => ({ signature: await secretOf(ticket) }) })
  }
}
