import autobahn from 'autobahn'
import type { ChallengeExtra, ConnectionOptions, Session, WampError, Welcome } from 'autobahn'
import type { Test } from 'tap'
import { fromNative, toNative } from './native-values.ts'
import { Inbox } from './peer.ts'
import { steps } from './peer.ts'
import type { Outcome, Peer, Progress, Received, RegisterAs, Serializer, Values } from './peer.ts'

// AutobahnJS sends headers only where there is no global WebSocket.
Reflect.deleteProperty(globalThis, 'WebSocket')

const serializerClasses = {
  json: autobahn.serializer.JSONSerializer, msgpack: autobahn.serializer.MsgpackSerializer, cbor: autobahn.serializer.CBORSerializer
}

// It tells the console of the end of every connection.
autobahn.log.warn = () => {}
// Where there is a global WebSocket, from Node.js 22 on, it would take that, which can send no cookie.
Reflect.deleteProperty(globalThis, 'WebSocket')

/** A joined session of AutobahnJS. */
export interface Joined {
  readonly session: Session
  readonly welcome: Welcome
  /** Resolves when the connection is gone: why the session ended, or null if nobody said. */
  readonly closed: Promise<string | null>
  /** One entry for each protocol violation that the client believes to have seen: it gives up the connection after it. */
  readonly violations: unknown[]
}

/** How AutobahnJS ended before it was welcome. */
class Refused extends Error {
  readonly reason: string | null

  constructor (reason: string | null) {
    super(`refused: ${reason}`)
    this.reason = reason
  }
}

/** Opens a session with AutobahnJS. Rejects with an error that has the reason if it is refused. */
export function openAutobahn (t: Test, url: string, { serializer = 'json', ...options }: { serializer?: Serializer } & Partial<ConnectionOptions> = {}): Promise<Joined> {
  const violations: unknown[] = []
  const connection = new autobahn.Connection({
    url,
    realm: 'realm1',
    serializers: [new serializerClasses[serializer]()],
    use_es6_promises: true,
    on_internal_error: (error) => { violations.push(error) },
    // What its procedures throw is sent to the caller, and needs no second report.
    on_user_error: () => {},
    ...options
  })
  t.teardown(() => { if (connection.isConnected) connection.close() })
  return new Promise((resolve, reject) => {
    const closed = new Promise<string | null>((resolve) => {
      connection.onclose = (_how, { reason }) => {
        reject(new Refused(reason))
        resolve(reason)
        return true
      }
    })
    connection.onopen = (session, welcome) => { resolve({ session, welcome, closed, violations }) }
    connection.open()
  })
}

/** Opens a session whose results by progress go into an inbox. */
export async function openAutobahnPeer (t: Test, url: string, serializer: Serializer): Promise<AutobahnPeer> {
  const progress = new Inbox<unknown>()
  const { session } = await openAutobahn(t, url, {
    serializer,
    use_es6_promises: false,
    use_deferred: () => {
      const deferred: Record<string, unknown> = { notify: (result: unknown) => { progress.put(result) } }
      deferred.promise = new Promise((resolve, reject) => { Object.assign(deferred, { resolve, reject }) })
      return deferred
    }
  })
  return new AutobahnPeer(session, serializer, progress)
}

/** Answers the challenges of WAMP-CRA. */
export function answerWith (secret: string): NonNullable<ConnectionOptions['onchallenge']> {
  return (_session, _method, { challenge, salt, iterations, keylen }: ChallengeExtra) =>
    autobahn.auth_cra.sign(salt === undefined ? secret : autobahn.auth_cra.derive_key(secret, salt, iterations, keylen), challenge)
}

/** AutobahnJS among the clients that are tried against each other. */
export class AutobahnPeer implements Peer {
  readonly name: string
  readonly #session: Session
  readonly #serializer: Serializer
  readonly #events = new Inbox<Received>()
  readonly #progress: Inbox<unknown>

  /** `progress` is where its connection puts results by progress: promises have no place for them. */
  constructor (session: Session, serializer: Serializer, progress: Inbox<unknown>) {
    this.#progress = progress
    this.name = `AutobahnJS over ${serializer}`
    this.#session = session
    this.#serializer = serializer
  }

  async register (procedure: string, error?: string): Promise<void> {
    await this.#session.register(procedure, (args, kwargs) => {
      const answer = { ...kwargs, seen: JSON.stringify(fromNative(args, kwargs, this.#serializer)) }
      if (error !== undefined) throw new autobahn.Error(error, args, answer)
      return new autobahn.Result(args, answer)
    })
  }

  async registerName (procedure: string, options: RegisterAs): Promise<void> {
    await this.#session.register(procedure, () => this.name, options)
  }

  async registerSteps (procedure: string): Promise<void> {
    await this.#session.register(procedure, (_args, _kwargs, { progress }) => {
      for (const step of steps) progress?.([step])
      return 'done'
    })
  }

  async callSteps (procedure: string): Promise<Progress> {
    const result: unknown = await this.#session.call(procedure, [], {}, { receive_progress: true })
    return { progress: this.#progress.all(), result }
  }

  async call (procedure: string, values: Values): Promise<Outcome> {
    const { args, kwargs } = toNative(values, this.#serializer)
    return await this.#session.call(procedure, args, kwargs).then(
      // One positional value comes by itself.
      (result) => ({ error: null, ...this.#values(result instanceof autobahn.Result ? result : { args: [result], kwargs: {} }) }),
      (error: WampError) => ({ error: error.error, ...this.#values(error) }))
  }

  async subscribe (topic: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact'): Promise<void> {
    await this.#session.subscribe(topic, (args, kwargs, { topic }) => { this.#events.put({ topic, ...fromNative(args, kwargs, this.#serializer) }) }, { match })
  }

  async publish (topic: string, values: Values): Promise<void> {
    const { args, kwargs } = toNative(values, this.#serializer)
    await this.#session.publish(topic, args, kwargs, { acknowledge: true })
  }

  nextEvent (): Promise<Received> {
    return this.#events.next()
  }

  #values ({ args, kwargs }: { args: unknown, kwargs: unknown }): Values {
    return fromNative(args, kwargs, this.#serializer)
  }
}
