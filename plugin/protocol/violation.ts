/** A peer broke a rule of the protocol: its session is aborted [basic, Protocol Errors]. The message is sent to it. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
  /** `malformed`: what should be text is not UTF-8, which WebSocket has a close code of its own for [RFC 6455, 8.1]. */
  readonly kind: 'violation' | 'malformed'

  constructor (message: string, kind: 'violation' | 'malformed' = 'violation') {
    super(message)
    this.kind = kind
  }
}
