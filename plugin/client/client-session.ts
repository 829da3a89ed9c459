import type { Id } from '../protocol/id.ts'
import { MessageType } from '../protocol/message.ts'
import type { CallOptions, Dict, PublishOptions, RegisterOptions, SubscribeOptions } from '../protocol/message-options.ts'
import { reasons } from '../protocol/reasons.ts'
import { isName } from '../protocol/uri.ts'
import type { Uri } from '../protocol/uri.ts'
import type { Args, Kwargs } from '../protocol/values.ts'
import { WampError } from '../protocol/wamp-error.ts'
import { onAbort } from '../abort-callbacks.ts'
import { valueOf } from '../peer/call-result.ts'
import type { Called, Received, Registration, Subscription } from '../peer/session-types.ts'
import { Stream } from '../peer/stream.ts'
import { ClientError } from './client-error.ts'
import { checkRequest, optionsOf, refuse } from './client-options.ts'
import type { ConnectionState, ResolvedOptions } from './client-options.ts'
import { Connection } from './connection.ts'
import { endedByClient, errorOf } from './connection-end.ts'
import type { ConnectionEnd, End } from './connection-end.ts'
import type { Welcome } from './handshake.ts'
import type { InvocationHandler } from './invocations.ts'
import type { EventHandler, Link } from './link.ts'
import type { ClientCallOptions, ClientPrincipal, StateListener } from './session-parts.ts'
import type { Standing, StandingParts } from './standing.ts'
import { Standings } from './standings.ts'

/** A request that waits for a connection. */
interface Waiting {
  go (link: Link): void
  reject (error: unknown): void
}

/**
 * A WAMP session that reconnects automatically, and restores its subscriptions and registrations. It has the same methods as
 * a session of the app. Calls and publications are never repeated: those that are unanswered when a connection ends reject
 * with WAMP_ERR_IN_DOUBT.
 */
export class ClientSession {
  readonly #connection: Connection
  readonly #options: ResolvedOptions
  readonly #standings = new Standings()
  readonly #waiting = new Set<Waiting>()
  readonly #listeners = new Set<StateListener>()
  #welcome: Welcome = { session: 0, details: {} }

  /** `connect` makes sessions. */
  constructor (options: ResolvedOptions, listener: StateListener | undefined) {
    this.#options = options
    if (listener !== undefined) this.#listeners.add(listener)
    this.#connection = new Connection(options, {
      opened: (link, welcome) => {
        this.#welcome = welcome
        this.#standings.restore(link)
        for (const { go } of this.#take()) go(link)
      },
      changed: (state, end) => { this.#changed(state, end) },
      revoked: (type, id, error) => { this.#standings.revoked(type, id, error) }
    })
  }

  /** The current state of the connection. */
  get state (): ConnectionState {
    return this.#connection.state
  }

  /** How the last connection ended, or null while one is open. */
  get end (): ConnectionEnd | null {
    return this.#connection.end
  }

  /** The session id. It changes with each connection. */
  get id (): Id {
    return this.#welcome.session
  }

  /** WELCOME.Details of the last connection. */
  get details (): Dict {
    return this.#welcome.details
  }

  /** The identity of this session. */
  get principal (): ClientPrincipal {
    return this.#welcome.details
  }

  /** Connects. Resolves when the session is open, and rejects if it is closed before that. Called by `connect`. */
  open (): Promise<void> {
    const { signal } = this.#options
    return new Promise((resolve, reject) => {
      this.onState((state) => {
        if (state === 'open') resolve()
        if (state === 'closed') reject(signal?.aborted ? signal.reason : errorOf(this.#connection.end!))
      })
      const forget = onAbort(signal, () => { this.#connection.close(endedByClient(reasons.closeRealm, signal!.reason)) })
      this.whenClosed(forget)
      this.#connection.start()
    })
  }

  /**
   * Calls a procedure. Resolves to its value, or to a CallResult if it returned several values or kwargs. Rejects with
   * the WampError that it raised. The type is not checked.
   */
  async call<T = unknown> (procedure: Uri, args: Args = [], kwargs: Kwargs = {}, given: ClientCallOptions = {}): Promise<T> {
    const { signal, onProgress, ...sent } = optionsOf(given)
    const options = onProgress === undefined ? sent : { ...sent, receive_progress: true }
    checkRequest(MessageType.Call, procedure, options, { onProgress })
    const link = this.#connection.link ?? await this.#connected(procedure, signal)
    return await link.request({
      type: MessageType.Call,
      fields: [options, procedure],
      values: { args, kwargs },
      accept: valueOf as (result: unknown) => T,
      signal,
      timeout: sent.timeout,
      progress: onProgress && ((values) => onProgress(valueOf(values)))
    })
  }

  /**
   * Calls a procedure and iterates over its progressive results. The iterator returns the last result. Breaking out of the
   * loop cancels the call.
   */
  async * results<T = unknown> (procedure: Uri, args: Args = [], kwargs: Kwargs = {}, given: CallOptions & { readonly signal?: AbortSignal } = {}): AsyncGenerator<T, T, void> {
    const { signal, ...options } = optionsOf(given)
    const stop = new AbortController()
    const results = new Stream<T>(tooSlow)
    const forget = onAbort(signal, () => { stop.abort(signal!.reason) })
    const call = this.call<T>(procedure, args, kwargs, { ...options, onProgress: (value) => { results.put(value as T) }, signal: stop.signal })
    call.then(() => { results.end() }, (error: unknown) => { results.end(error) })
    try {
      yield * results
      return await call
    } finally {
      forget()
      stop.abort(new WampError(reasons.canceled))
    }
  }

  /**
   * Registers a procedure. The handler may be asynchronous. Its return value is the single value of the result; return a
   * CallResult for several values. A thrown WampError is sent to the caller. Any other error is passed to `onError` and
   * becomes `wamp.error.runtime_error`. The type of the args is not checked.
   */
  async register<A extends Args = Args> (procedure: Uri, handler: (called: Called<A>) => unknown, options: RegisterOptions = {}): Promise<Registration> {
    const hold = (link: Link, id: Id): void => { link.invocations.handlers.set(id, handler as InvocationHandler) }
    const standing = await this.#stand({ type: MessageType.Register, uri: procedure, options, hold, lost: this.#options.onError }, handler)
    return { get id () { return standing.id }, procedure, unregister: () => this.#standings.unregister(standing) }
  }

  /**
   * Publishes an event. Resolves to the publication's id when the router has accepted it, and rejects with a WampError if
   * the router refuses it. The publisher does not receive the event, unless `exclude_me` is false.
   */
  async publish (topic: Uri, args: Args = [], kwargs: Kwargs = {}, options: PublishOptions = {}): Promise<Id> {
    checkRequest(MessageType.Publish, topic, options)
    const link = this.#connection.link ?? await this.#connected(topic)
    return await link.request({
      type: MessageType.Publish,
      fields: [{ ...options, acknowledge: true }, topic],
      values: { args, kwargs },
      accept: (reply) => (reply as { readonly publication: Id }).publication
    })
  }

  /**
   * Subscribes to a topic. Errors of the handler are passed to `onError`. Events that are published while there is no
   * connection are missed. The type of the args is not checked.
   */
  subscribe<A extends Args = Args> (topic: Uri, handler: (received: Received<A>) => unknown, options: SubscribeOptions = {}): Promise<Subscription> {
    return this.#subscribed(topic, handler, options, this.#options.onError)
  }

  /**
   * Subscribes to a topic and iterates over its events, across reconnects. Breaking out of the loop or aborting the signal
   * ends the subscription. The iteration ends with the session. Throws WAMP_ERR_SLOW_READER if 10,000 events are queued.
   */
  async * events<A extends Args = Args> (topic: Uri, given: SubscribeOptions & { readonly signal?: AbortSignal } = {}): AsyncGenerator<Received<A>, void, void> {
    const { signal, ...options } = optionsOf(given)
    const events = new Stream<Received<A>>(tooSlow)
    if (signal?.aborted) return
    const end = (...error: [] | [unknown]): void => { events.end(...error) }
    const undo: (() => unknown)[] = [onAbort(signal, end)]
    const leave = async (): Promise<void> => { for (const forget of undo) await forget() }
    let isOver = false
    // The router may answer late, or never: the signal ends the iteration before that, and the subscription when it is there.
    this.#subscribed<A>(topic, (received) => { events.put(received) }, options, end).then((subscription) => {
      undo.push(this.whenClosed(end), () => subscription.unsubscribe())
      return isOver ? leave() : undefined
    }).catch(end)
    try {
      yield * events
    } finally {
      isOver = true
      await leave()
    }
  }

  /** Calls the listener with each new state. Returns a function that removes the listener. */
  onState (listener: StateListener): () => void {
    const own: StateListener = (state, end) => { listener(state, end) }
    this.#listeners.add(own)
    return () => { this.#listeners.delete(own) }
  }

  /** Calls `tell` when either side closes the session for good, or at once if it is already closed. Returns a function that removes the callback. */
  whenClosed (tell: () => void): () => void {
    if (this.state === 'closed') tell()
    return this.onState((state) => { if (state === 'closed') tell() })
  }

  /** Leaves, at the end of a block: `await using session = await connect(…)`. */
  async [Symbol.asyncDispose] (): Promise<void> {
    await this.leave()
  }

  /** Leaves the realm and does not reconnect. Resolves when the session is closed. */
  leave (reason: Uri = reasons.closeRealm): Promise<void> {
    return new Promise((resolve) => {
      if (!isName(reason)) refuse('reason', ' is invalid')
      this.whenClosed(resolve)
      this.#connection.close(endedByClient(reason, 'left'))
    })
  }

  /** Leaves the realm and logs out: the router deletes the login of the cookie, and ends the other sessions of that login. */
  logout (): Promise<void> {
    return this.leave(reasons.logout)
  }

  async #subscribed<A extends Args> (topic: Uri, handler: (received: Received<A>) => unknown, options: SubscribeOptions, lost: (error: unknown) => void): Promise<Subscription> {
    const onEvent: EventHandler = ({ args, kwargs, details, publication }) => handler({ args: args as A, kwargs, details, publication })
    const hold = (link: Link, id: Id): void => { link.addHandler(id, onEvent) }
    const standing = await this.#stand({ type: MessageType.Subscribe, uri: topic, options, hold, lost }, handler)
    return { get id () { return standing.id }, topic, unsubscribe: () => this.#standings.unsubscribe(standing, onEvent) }
  }

  async #stand (parts: StandingParts, handler: unknown): Promise<Standing> {
    checkRequest(parts.type, parts.uri, parts.options, { handler: handler ?? null })
    return await this.#standings.begin(this.#connection.link ?? await this.#connected(parts.uri), parts)
  }

  #changed (state: ConnectionState, end: End | null): void {
    if (state === 'closed') {
      const closed = closedBy(end!)
      for (const { reject } of this.#take()) reject(closed)
      this.#standings.end(closed)
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(state, end)
      } catch (error) {
        this.#options.onError(error)
      }
    }
    if (state === 'closed') this.#listeners.clear()
  }

  /** Waits for a connection, if so many may. */
  #connected (what: Uri, signal?: AbortSignal): Promise<Link> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.state === 'closed') throw closedBy(this.#connection.end!)
      if (this.#waiting.size >= this.#options.queue) throw new ClientError('WAMP_ERR_NOT_CONNECTED', `${what}: not connected`)
      const waiting: Waiting = {
        go: (link) => {
          forget()
          resolve(link)
        },
        reject
      }
      const forget = onAbort(signal, () => {
        this.#waiting.delete(waiting)
        reject(signal!.reason)
      })
      this.#waiting.add(waiting)
    })
  }

  #take (): Waiting[] {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    return waiting
  }
}

function closedBy (end: End): ClientError {
  return new ClientError('WAMP_ERR_SESSION_CLOSED', 'the session is closed', errorOf(end))
}

function tooSlow (waiting: number): ClientError {
  return new ClientError('WAMP_ERR_SLOW_READER', `${waiting} values are waiting`)
}
