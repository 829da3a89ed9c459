/**
 * The codes of ClientError. WAMP_ERR_NOT_CONNECTED: nothing was sent. WAMP_ERR_IN_DOUBT: the connection ended before a call or
 * publication was answered, and nobody knows whether it was carried out. WAMP_ERR_SESSION_CLOSED: the session does not come back.
 * WAMP_ERR_SLOW_READER: an iterator is read too slowly. WAMP_ERR_LOGIN: a login lacks something, or the router cannot be trusted.
 */
export type ClientErrorCode = 'WAMP_ERR_INVALID_OPTION' | 'WAMP_ERR_INVALID_MESSAGE' | 'WAMP_ERR_NOT_CONNECTED' | 'WAMP_ERR_IN_DOUBT' |
  'WAMP_ERR_SESSION_CLOSED' | 'WAMP_ERR_SLOW_READER' | 'WAMP_ERR_LOGIN'

/** What goes wrong on this side of the connection. What the router or a callee answers is a WampError. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** Such as `WAMP_ERR_IN_DOUBT`. */
  readonly code: ClientErrorCode

  constructor (code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.code = code
  }
}

/** What an error says; anything can be thrown. */
export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
