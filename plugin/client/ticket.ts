import { checkLogin, secretOf } from './login.ts'
import type { Login, Secret } from './login.ts'

/** Logs in with a ticket: a password or token that is sent in the clear. Throws WAMP_ERR_LOGIN if a field is missing. */
export function ticket (given: {
  /** The name of the user. */
  readonly authid: string
  /** The ticket, or a function that returns it. */
  readonly ticket: Secret
}): Login {
  checkLogin('ticket', given, { authid: 'text', ticket: 'text or function' })
  const { authid, ticket } = given
  return {
    method: 'ticket',
    authid,
    begin: () => ({ answer: async () => ({ signature: await secretOf(ticket) }) })
  }
}
