import type { Test } from 'tap'
import { CallResult, json, WampError } from 'fastify-wamp/client'
import type { ClientSession } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'
import { openClient } from '../client/scripted-router.ts'
import { fromNative, toNative } from './native-values.ts'
import { Inbox, steps } from './peer.ts'
import type { Outcome, Peer, Progress, Received, RegisterAs, Serializer, Values } from './peer.ts'

/** The serializers of this client. */
export const clientSerializers = { json, msgpack, cbor }

/** What the client takes for comparable values: with each serializer, octets are a Uint8Array. */
function ownValues (values: Values): { args: unknown[], kwargs: Record<string, unknown> } {
  return toNative(values, 'cbor')
}

/** The comparable form of what the client hands out. */
function comparable ({ args, kwargs }: Values): Values {
  return fromNative(args, kwargs, 'cbor')
}

/** fastify-wamp/client among the clients that are tried against each other. */
export class ClientPeer implements Peer {
  readonly name: string
  readonly #session: ClientSession
  readonly #events = new Inbox<Received>()

  private constructor (session: ClientSession, serializer: Serializer) {
    this.name = `fastify-wamp/client over ${serializer}`
    this.#session = session
  }

  /** Opens a session that ends with the test. */
  static async join (t: Test, url: string, serializer: Serializer): Promise<ClientPeer> {
    return new ClientPeer(await openClient(t, url, { serializers: [clientSerializers[serializer]()] }), serializer)
  }

  async register (procedure: string, error?: string): Promise<void> {
    await this.#session.register(procedure, ({ args, kwargs }) => {
      const answer = new CallResult(args, { ...kwargs, seen: JSON.stringify(comparable({ args, kwargs })) })
      if (error !== undefined) throw new WampError(error, answer)
      return answer
    })
  }

  async registerName (procedure: string, options: RegisterAs): Promise<void> {
    await this.#session.register(procedure, () => this.name, { ...options })
  }

  async registerSteps (procedure: string): Promise<void> {
    await this.#session.register(procedure, ({ progress }) => {
      for (const step of steps) progress?.(step)
      return 'done'
    })
  }

  async callSteps (procedure: string): Promise<Progress> {
    const progress: unknown[] = []
    const result = await this.#session.call(procedure, [], {}, { onProgress: (value) => { progress.push(value) } })
    return { progress, result }
  }

  async call (procedure: string, values: Values): Promise<Outcome> {
    const { args, kwargs } = ownValues(values)
    try {
      const result = await this.#session.call(procedure, args, kwargs)
      return { error: null, ...comparable(result instanceof CallResult ? result : { args: [result], kwargs: {} }) }
    } catch (error) {
      if (!(error instanceof WampError)) throw error
      return { error: error.error, ...comparable(error) }
    }
  }

  async subscribe (topic: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact'): Promise<void> {
    await this.#session.subscribe(topic, ({ args, kwargs, details }) => {
      this.#events.put({ topic: details['topic'] as string | undefined, ...comparable({ args, kwargs }) })
    }, { match })
  }

  async publish (topic: string, values: Values): Promise<void> {
    const { args, kwargs } = ownValues(values)
    await this.#session.publish(topic, args, kwargs)
  }

  nextEvent (): Promise<Received> {
    return this.#events.next()
  }
}
