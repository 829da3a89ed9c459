import { WampError } from '../errors.ts'
import { MessageType } from '../protocol/message.ts'
import { InProcessSession } from './in-process-session.ts'
import type { SessionParts } from './in-process-session.ts'
import type { InProcessPeer } from './in-process-peer.ts'

/** A subscription id that never exists, because the router counts from 1. */
const NO_SUBSCRIPTION = 2 ** 53

/** A test client that needs no port. Its values are encoded and decoded by a serializer. */
export class InjectedClient extends InProcessSession {
  readonly #peer: InProcessPeer

  constructor (parts: SessionParts) {
    super(parts)
    this.#peer = parts.peer
  }

  /**
   * Resolves when everything that has been sent to this client so far has arrived, and its handlers have been called. A message that has
   * not arrived by then was never sent. It also waits for this client's own pending requests.
   */
  async fence (): Promise<void> {
    try {
      await this.#peer.request((request) => ({ type: MessageType.Unsubscribe, request, subscription: NO_SUBSCRIPTION }), () => {})
    } catch (error) {
      // The router answers in order that this subscription does not exist.
      if (!(error instanceof WampError)) throw error
    }
  }
}
