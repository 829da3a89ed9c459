import type { RouterMessage } from '../protocol/message.ts'
import { reasons } from '../protocol/reasons.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Delivery } from '../transport/transport.ts'
import { begin } from '../work.ts'
import type { RoutedSession } from './routed-session.ts'

/** True if a peer can never be sent this message, at any time. */
export function isUnsuitable (delivery: Delivery): delivery is 'unencodable' | 'oversized' {
  return delivery === 'unencodable' || delivery === 'oversized'
}

/** The error of a call whose message did not reach the other side. */
export function errorOf (delivery: Exclude<Delivery, 'sent'>): Uri {
  if (delivery === 'full') return reasons.limitExceeded
  if (delivery === 'oversized') return reasons.payloadSizeExceeded
  return delivery === 'unencodable' ? reasons.invalidArgument : reasons.networkFailure
}

/**
 * Sends the last answer to a request. If the client can't be sent it, its session ends: the client would wait for the answer forever, and it would not
 * know of the subscription or registration that the answer is about.
 */
export function sendAnswer (session: RoutedSession, message: RouterMessage): void {
  const delivery = session.send(message)
  if (!isUnsuitable(delivery)) return
  const text = delivery === 'oversized' ? 'the answer to a request exceeds the message size that you accept' : 'your serializer cannot represent the answer to a request'
  // Whoever sends messages does not expect that a session ends meanwhile.
  begin({
    work: () => {
      session.end(errorOf(delivery), text)
      return false
    }
  })
}
