/** A peer violated the protocol, and its session is aborted [basic, Protocol Errors]. The message is sent to the peer. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
  /** `malformed`: a text is not UTF-8, for which WebSocket has a separate close code [RFC 6455, 8.1]. */
  readonly kind: 'violation' | 'malformed'

  constructor (message: string, kind: 'violation' | 'malformed' = 'violation') {
    super(message)
    this.kind = kind
  }
}
