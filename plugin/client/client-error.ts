const texts = {
  /** An option of `connect` has the wrong type or value. */
  WAMP_ERR_INVALID_OPTION: 'The option is not valid',
  /** A request has something wrong, and was not sent. */
  WAMP_ERR_INVALID_MESSAGE: 'The message is not valid',
  /** A request was made while there was no connection, and was not sent. */
  WAMP_ERR_NOT_CONNECTED: 'There is no connection, and nothing was sent',
  /** The connection ended before a call or publication was answered: nobody knows whether it was carried out. */
  WAMP_ERR_IN_DOUBT: 'The connection ended before the answer came',
  /** The session is closed, and does not come back. */
  WAMP_ERR_SESSION_CLOSED: 'The session is closed',
  /** An iterator over events or results is read too slowly. */
  WAMP_ERR_SLOW_READER: 'Too many values wait to be read',
  /** A login needs something that this browser or program does not have. */
  WAMP_ERR_LOGIN: 'The login cannot be answered'
} as const

/** The codes of ClientError. */
export type ClientErrorCode = keyof typeof texts

/** What goes wrong on this side of the connection. What the router or a callee answers is a WampError. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** Such as `WAMP_ERR_IN_DOUBT`. */
  readonly code: ClientErrorCode

  constructor (code: ClientErrorCode, detail: string, cause?: unknown) {
    super(`${texts[code]}: ${detail}`, cause === undefined ? {} : { cause })
    this.code = code
  }
}
