/** A peer violated the protocol, and its session is aborted [basic, Protocol Errors]. The message is sent to the peer. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

/** A text message is not UTF-8, for which WebSocket has a separate close code [RFC 6455, 8.1]. */
export class MalformedText extends ProtocolViolation {}
