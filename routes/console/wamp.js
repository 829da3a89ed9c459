const code = {
  HELLO: 1,
  WELCOME: 2,
  ABORT: 3,
  GOODBYE: 6,
  ERROR: 8,
  PUBLISH: 16,
  PUBLISHED: 17,
  SUBSCRIBE: 32,
  SUBSCRIBED: 33,
  UNSUBSCRIBE: 34,
  UNSUBSCRIBED: 35,
  EVENT: 36,
  CALL: 48,
  CANCEL: 49,
  RESULT: 50
}

const roles = {
  publisher: { features: { publisher_exclusion: true, publisher_identification: true, subscriber_blackwhite_listing: true } },
  subscriber: { features: { pattern_based_subscription: true, publisher_identification: true, subscription_revocation: true } },
  caller: { features: { progressive_call_results: true, call_canceling: true, call_timeout: true, caller_identification: true } }
}

export const LOST = 'the connection is lost'

/** What the router or a callee answers instead of a result. */
export class WampError extends Error {
  constructor (uri, args = [], kwargs = {}) {
    super(typeof args[0] === 'string' ? `${uri}: ${args[0]}` : uri)
    this.uri = uri
    this.args = args
    this.kwargs = kwargs
  }
}

/** A WAMP session over `wamp.2.json`, let in by the browser's cookie. It calls, publishes and subscribes. */
export class Session {
  #socket
  #ended
  #state = 'joining'
  #lastRequest = 0
  #pending = new Map()
  #events = new Map()
  #joined
  /** What WELCOME told: id, realm, authid, authrole. */
  details = null

  /** Resolves to a session, or rejects with a WampError. `ended` is called once if it ends after that, with why. */
  static open (url, ended) {
    return new Promise((resolve, reject) => new Session(url, ended, { resolve, reject }))
  }

  constructor (url, ended, joined) {
    this.#ended = ended
    this.#joined = joined
    this.#socket = new WebSocket(url, 'wamp.2.json')
    this.#socket.addEventListener('open', () => this.#send([code.HELLO, null, { roles, authmethods: ['cookie'] }]))
    this.#socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(data)))
    this.#socket.addEventListener('close', () => this.#end(new WampError(LOST)))
  }

  /** Resolves to `{ args, kwargs }`. `progress` is called with each result before the last. Who aborts `signal` cancels the call. */
  call (procedure, args = [], kwargs = {}, options = {}, { progress, signal } = {}) {
    const answer = this.#request(code.CALL, [options, procedure, args, kwargs], { progress })
    const request = this.#lastRequest
    signal?.addEventListener('abort', () => this.#send([code.CANCEL, request, {}]), { once: true })
    return answer
  }

  /** Resolves to the publication's id, when the router has acknowledged it. */
  publish (topic, args = [], kwargs = {}, options = {}) {
    return this.#request(code.PUBLISH, [{ ...options, acknowledge: true }, topic, args, kwargs])
  }

  /** Resolves to the subscription's id. `receive` is called with each event; `revoked` if the router takes the subscription away. */
  subscribe (topic, receive, { match = 'exact', revoked } = {}) {
    return this.#request(code.SUBSCRIBE, [{ match }, topic], { receive, revoked })
  }

  unsubscribe (subscription) {
    this.#events.delete(subscription)
    return this.#request(code.UNSUBSCRIBE, [subscription])
  }

  /** Gives the connection up. */
  close () {
    this.#socket.close()
    this.#end(new WampError(LOST))
  }

  #request (type, fields, more = {}) {
    if (this.#state === 'ended') return Promise.reject(new WampError(LOST))
    const request = ++this.#lastRequest
    return new Promise((resolve, reject) => {
      this.#pending.set(request, { resolve, reject, ...more })
      this.#send([type, request, ...fields])
    })
  }

  #send (message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #receive ([type, ...fields]) {
    switch (type) {
      case code.WELCOME: return this.#welcome(fields)
      case code.ABORT: return this.#end(new WampError(fields[1], [fields[0].message]))
      case code.GOODBYE:
        this.#send([code.GOODBYE, {}, 'wamp.close.goodbye_and_out'])
        return this.#end(new WampError(fields[1], [fields[0].message]))
      case code.EVENT: return this.#event(fields)
      case code.RESULT: return this.#result(fields)
      case code.ERROR: return this.#take(fields[1])?.reject(new WampError(fields[3], fields[4], fields[5]))
      case code.PUBLISHED: return this.#take(fields[0])?.resolve(fields[1])
      case code.SUBSCRIBED: return this.#subscribed(fields)
      case code.UNSUBSCRIBED: return this.#unsubscribed(fields)
    }
  }

  #welcome ([id, details]) {
    this.#state = 'joined'
    this.details = { ...details, id }
    this.#joined.resolve(this)
  }

  #take (request) {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    return pending
  }

  #event ([subscription, publication, details, args = [], kwargs = {}]) {
    this.#events.get(subscription)?.receive({ publication, details, args, kwargs })
  }

  #result ([request, { progress = false }, args = [], kwargs = {}]) {
    if (progress) this.#pending.get(request)?.progress?.({ args, kwargs })
    else this.#take(request)?.resolve({ args, kwargs })
  }

  // At once and not when the promise has told its caller: the next message may be an event.
  #subscribed ([request, subscription]) {
    const pending = this.#take(request)
    this.#events.set(subscription, pending)
    pending.resolve(subscription)
  }

  #unsubscribed ([request, details]) {
    if (request !== 0) return this.#take(request)?.resolve()
    this.#events.get(details.subscription)?.revoked?.(details.reason)
    this.#events.delete(details.subscription)
  }

  #end (error) {
    if (this.#state === 'ended') return
    const joined = this.#state === 'joined'
    this.#state = 'ended'
    this.#socket.close()
    for (const { reject } of this.#pending.values()) reject(new WampError(LOST))
    this.#pending.clear()
    if (joined) this.#ended(error)
    else this.#joined.reject(error)
  }
}
