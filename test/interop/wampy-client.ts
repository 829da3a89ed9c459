import type { Test } from 'tap'
import { Wampy } from 'wampy'
import { CborSerializer } from 'wampy/CborSerializer.js'
import { sign as signWithKey } from 'wampy/cryptosign.js'
import { JsonSerializer } from 'wampy/JsonSerializer.js'
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js'
import { sign } from 'wampy/wampcra.js'
import { WebSocket } from 'ws'
import { fromNative, toNative } from './native-values.ts'
import { Inbox } from './peer.ts'
import type { Outcome, Peer, Progress, Received, RegisterAs, Serializer, Values } from './peer.ts'

type WampyOptions = NonNullable<ConstructorParameters<typeof Wampy>[1]>

const serializerClasses = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer }

/** A joined session of wampy. */
export interface Joined {
  readonly wampy: Wampy
  /** WELCOME.Details */
  readonly welcome: Record<string, unknown>
  readonly subprotocol: string
  /** The Set-Cookie header of the 101. */
  readonly setCookie: string | undefined
  /** The methods by which it was challenged. */
  readonly challenges: readonly string[]
  /** What went wrong in the client: it gives up the connection after a message that it does not expect. */
  readonly problems: readonly Error[]
}

/** What HELLO announces and CHALLENGE is answered by: a plain text for tickets, the secret of WAMP-CRA, or a private key in hex. */
export interface Login {
  readonly authid: string
  readonly authmethods: string[]
  readonly authextra?: Record<string, unknown>
  readonly secret: string
}

/** Opens a session with wampy. Rejects with its AbortError. */
export async function openWampy (t: Test, url: string, { serializer = 'json', cookie, login }: { serializer?: Serializer, cookie?: string | undefined, login?: Login } = {}): Promise<Joined> {
  let socket: WebSocket | undefined
  let setCookie: string | undefined
  class ClientSocket extends WebSocket {
    constructor (url: string, protocols: string[]) {
      super(url, protocols, cookie === undefined ? {} : { headers: { cookie } })
      this.on('upgrade', ({ headers }) => { [setCookie] = headers['set-cookie'] ?? [] })
      socket = this
    }
  }
  const challenges: string[] = []
  const problems: Error[] = []
  const wampy = new Wampy(url, {
    realm: 'realm1',
    autoReconnect: false,
    serializer: new serializerClasses[serializer](),
    ws: ClientSocket as unknown as NonNullable<WampyOptions['ws']>,
    onError: (error) => { problems.push(error) },
    ...(login === undefined ? {} : credentials(login, (method) => { challenges.push(method) }))
  })
  t.teardown(() => { socket?.terminate() })
  const welcome: unknown = await wampy.connect()
  return { wampy, welcome: welcome as Record<string, unknown>, subprotocol: socket?.protocol ?? '', setCookie, challenges, problems }
}

function credentials ({ authid, authmethods, authextra = {}, secret }: Login, challenged: (method: string) => void): WampyOptions {
  const answer = sign(secret)
  return {
    authid,
    authmethods,
    authextra,
    onChallenge: (method, extra) => {
      challenged(method)
      if (method === 'cryptosign') return signWithKey(secret)(method, extra as unknown as { challenge: string })
      return method === 'ticket' ? secret : answer(method, extra as unknown as Parameters<typeof answer>[1])
    }
  }
}

/** Wampy among the clients that are tried against each other. */
export class WampyPeer implements Peer {
  readonly name: string
  readonly #wampy: Wampy
  readonly #serializer: Serializer
  readonly #events = new Inbox<Received>()

  constructor (wampy: Wampy, serializer: Serializer) {
    this.name = `wampy over ${serializer}`
    this.#wampy = wampy
    this.#serializer = serializer
  }

  async register (procedure: string, error?: string): Promise<void> {
    await this.#wampy.register(procedure, ({ argsList, argsDict }) => {
      const seen = fromNative(argsList, argsDict, this.#serializer)
      // The values themselves: octets come as Uint8Array, which cbor-x writes with a tag that cbor2 does not know.
      const answer = { argsList: argsList ?? [], argsDict: { ...argsDict, seen: JSON.stringify(seen) } }
      if (error === undefined) return answer
      throw Object.assign(new Error(error), { error, ...answer })
    })
  }

  async registerName (procedure: string, options: RegisterAs): Promise<void> {
    await this.#wampy.register(procedure, () => ({ argsList: [this.name] }), { ...options })
  }

  // It announces no progress as a callee, and so is not asked for any.
  async registerSteps (procedure: string): Promise<void> {
    await this.#wampy.register(procedure, () => ({ argsList: ['done'] }))
  }

  async callSteps (procedure: string): Promise<Progress> {
    const progress: unknown[] = []
    const { argsList } = await this.#wampy.call(procedure, undefined, { progress_callback: ({ argsList }) => { progress.push((argsList as unknown[])[0]) } })
    return { progress, result: (argsList as unknown[])[0] }
  }

  async call (procedure: string, values: Values): Promise<Outcome> {
    return await this.#wampy.call(procedure, this.#payload(values)).then(
      ({ argsList, argsDict }) => ({ error: null, ...fromNative(argsList, argsDict, this.#serializer) }),
      ({ errorUri, argsList, argsDict }: { errorUri: string, argsList: unknown, argsDict: unknown }) => ({ error: errorUri, ...fromNative(argsList, argsDict, this.#serializer) }))
  }

  async subscribe (topic: string, match: 'exact' | 'prefix' | 'wildcard' = 'exact'): Promise<void> {
    await this.#wampy.subscribe(topic, ({ details, argsList, argsDict }) => {
      this.#events.put({ topic: (details as { topic?: string }).topic, ...fromNative(argsList, argsDict, this.#serializer) })
    }, match === 'exact' ? {} : { match })
  }

  async publish (topic: string, values: Values): Promise<void> {
    await this.#wampy.publish(topic, this.#payload(values))
  }

  nextEvent (): Promise<Received> {
    return this.#events.next()
  }

  #payload (values: Values): { argsList: unknown[], argsDict: Record<string, unknown> } {
    const { args, kwargs } = toNative(values, this.#serializer)
    return { argsList: args, argsDict: kwargs }
  }
}
