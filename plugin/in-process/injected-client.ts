import { WampError } from '../errors.ts'
import { MessageType } from '../protocol/message.ts'
import { InProcessSession } from './in-process-session.ts'
import type { SessionParts } from './in-process-session.ts'
import type { InProcessPeer } from './in-process-peer.ts'

/** The router counts its subscriptions from 1: none ever gets this far. */
const NO_SUBSCRIPTION = 2 ** 53

/** A client for tests, without a port: its values are written and read as its serializer has them. */
export class InjectedClient extends InProcessSession {
  readonly #peer: InProcessPeer

  constructor (parts: SessionParts) {
    super(parts)
    this.#peer = parts.peer
  }

  /**
   * Resolves when all that was sent to this client until now has come, and its handlers have been called: what is not
   * there by then was never sent. It also waits for what this client itself asked for.
   */
  async fence (): Promise<void> {
    try {
      await this.#peer.request((request) => ({ type: MessageType.Unsubscribe, request, subscription: NO_SUBSCRIPTION }), () => {})
    } catch (error) {
      // The router has no such subscription, and answers so in order.
      if (!(error instanceof WampError)) throw error
    }
  }
}
