/** A peer violated the protocol, and its session is aborted [basic, Protocol Errors]. The message is sent to the peer. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}

/** What should be text is not UTF-8, which WebSocket has a close code of its own for [RFC 6455, 8.1]. */
export class MalformedText extends ProtocolViolation {}
