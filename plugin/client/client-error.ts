/**
 * The codes of ClientError. WAMP_ERR_NOT_CONNECTED: nothing was sent. WAMP_ERR_IN_DOUBT: the connection ended before a call or
 * publication was answered, so it is unknown whether it was executed. WAMP_ERR_SESSION_CLOSED: the session is closed for good.
 * WAMP_ERR_SLOW_READER: an iterator is read too slowly. WAMP_ERR_LOGIN: a part of the login is missing, or the router failed to prove its identity.
 */
export type ClientErrorCode = 'WAMP_ERR_INVALID_OPTION' | 'WAMP_ERR_INVALID_MESSAGE' | 'WAMP_ERR_NOT_CONNECTED' | 'WAMP_ERR_IN_DOUBT' |
  'WAMP_ERR_SESSION_CLOSED' | 'WAMP_ERR_SLOW_READER' | 'WAMP_ERR_LOGIN'

/** An error on the client's side of the connection. Errors from the router or a callee are WampErrors. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** The code of the error, such as `WAMP_ERR_IN_DOUBT`. */
  declare readonly code: ClientErrorCode

  constructor (code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}

/** What an error says; anything can be thrown. */
export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
