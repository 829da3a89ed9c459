import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { MessageType } from '../../plugin/protocol/message.ts'
import { ProtocolViolation } from '../../plugin/protocol/violation.ts'
import { Authenticators } from '../../plugin/auth/authenticators.ts'
import { Router } from '../../plugin/router.ts'
import type { Connection } from '../../plugin/session/connection.ts'
import { InProcessTransport } from '../../plugin/transport/in-process-transport.ts'
import { closeCodes } from '../../plugin/transport/websocket-link.ts'
import { listOf, messageOf } from './build-router.ts'
import { Peer } from './peer.ts'

/** What WebSocket calls a connection that broke. */
const LOST = 1006

/** A client in the router's process, on the transport of the app's own sessions. It says HELLO like any other. */
export class InProcessClient extends Peer {
  readonly transport = { type: 'in-process' } as const
  readonly closed: Promise<number>
  readonly #link: InProcessTransport
  readonly #connection: Connection
  #state: 'connected' | 'lost' = 'connected'

  constructor ({ wamp: router, wampAuthenticators, log }: FastifyInstance) {
    super()
    if (!(router instanceof Router && wampAuthenticators instanceof Authenticators)) throw new TypeError('the app has no router')
    let resolve: (code: number) => void
    this.closed = new Promise((_resolve) => { resolve = _resolve })
    this.#link = new InProcessTransport({
      receive: (message, values) => {
        const read = message.type === MessageType.Event ? this.#link.read(message.payload) : values
        if (this.#state === 'connected' && read !== undefined) this.take(listOf(message, read))
      },
      closed: (kind) => {
        this.#connection.closed()
        router.disconnected(this.#connection)
        this.end()
        resolve(this.#state === 'lost' ? LOST : closeCodes[kind])
      }
    })
    this.#connection = router.connect({ transport: this.#link, request: null, authenticators: wampAuthenticators.entries(), cookieLogin: false, visitor: null, log })
  }

  static connect (t: Test, app: FastifyInstance): InProcessClient {
    const client = new InProcessClient(app)
    t.teardown(() => { client.terminate() })
    return client
  }

  send (...messages: unknown[]): void {
    for (const message of messages) this.#say(message as unknown[])
  }

  terminate (): void {
    this.#state = 'lost'
    this.#link.close('failure')
  }

  #say (list: unknown[]): void {
    if (this.#state === 'lost') return
    let message
    try {
      message = messageOf(list)
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error
      return this.#connection.fail(error)
    }
    this.#connection.receive(message, JSON.stringify(list).length)
  }
}
