import type { MessageCode, RouterMessage } from '../protocol/message.ts'
import type { Delivery, Transport } from '../transport/transport.ts'

const CODES = 71

/**
 * How many messages have come and gone, by their codes. They are counted always: an addition costs less than to tell each
 * message to the observers.
 */
export class Traffic {
  readonly received: Float64Array = new Float64Array(CODES)
  readonly sent: Float64Array = new Float64Array(CODES)

  /** A message has come. */
  receive (type: MessageCode): void {
    this.received[type]!++
  }
}

/** Sends a message to the peer of a connection, and counts it. */
export function sendCounted ({ transport, host: { traffic } }: { readonly transport: Transport, readonly host: { readonly traffic: Traffic } }, message: RouterMessage): Delivery {
  const delivery = transport.send(message)
  if (delivery === 'sent') traffic.sent[message.type]!++
  return delivery
}
