/** A peer broke a rule of the protocol: its session is aborted [basic, Protocol Errors]. The message is sent to it. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation'
}
