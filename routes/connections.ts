import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'

type Server = FastifyInstance['server']

/**
 * Closes the connections that would delay `app.close()`. Fastify only closes connections that are idle when it starts to close. A connection
 * with a request in flight would stay open for as long as the client likes, and one with an incomplete request, or none, until a timeout that
 * Node.js no longer checks. Browsers open such connections in advance. This closes a connection without a request at once, one with a
 * request after its response, and one with an incomplete request after `patience` milliseconds.
 */
export function closeConnections (fastify: FastifyInstance, patience: number): void {
  const { server } = fastify
  const servers = new Map([[server, new Connections(server)]])
  let timer: NodeJS.Timeout | undefined
  // Other servers emit their upgrades on the first server.
  const upgraded = (request: IncomingMessage, socket: Socket): void => {
    for (const connections of servers.values()) connections.forget(socket)
    endUpgrade(server, request, socket)
  }
  fastify.addHook('onListen', async () => { for (const further of furtherServers(fastify)) servers.set(further, new Connections(further)) })
  // Registered after all other listeners, so that it runs last.
  fastify.addHook('onReady', async () => { server.on('upgrade', upgraded) })
  fastify.addHook('preClose', async () => {
    // Node.js closes the socket of an upgrade only if there is no listener.
    server.removeListener('upgrade', upgraded)
    for (const [one, connections] of servers) {
      // Fastify closes the other servers only after the first one.
      if (one !== server) one.close()
      connections.close()
    }
    timer = setTimeout(() => { for (const connections of servers.values()) connections.cutOff() }, patience)
  })
  fastify.addHook('onClose', async () => {
    // Fastify waits only for the first server.
    for (const [one, connections] of servers) if (one !== server) await connections.gone()
    clearTimeout(timer)
  })
}

/** The servers that Fastify uses for further addresses of `localhost`. They are only accessible through this symbol. */
function furtherServers (fastify: FastifyInstance): Server[] {
  for (let scope: object | null = fastify; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
    const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.serverBindings')
    if (symbol !== undefined) return (scope as Record<symbol, Server[]>)[symbol]!
  }
  return []
}

/**
 * Ends the connection of an upgrade request that gets a normal response, such as 404. Node.js no longer reads such a connection, so it would
 * stay open even after the client has gone, and delay `app.close()`. @fastify/websocket only ends it in the scope in which it is registered.
 */
function endUpgrade (server: Server, request: IncomingMessage, socket: Socket): void {
  const response = responseOn(socket)
  if (response === null) {
    // Another listener may have accepted it. @fastify/websocket does not once it has started to close.
    if (server.listenerCount('upgrade') === 1) socket.destroy()
  } else if (response.req !== request) {
    // An earlier request has no response yet, so this one cannot be answered in order.
    socket.destroy()
  } else {
    // This listener is registered in time: `finish` is emitted in a later turn, even if the response has already ended.
    response.once('finish', () => { socket.end(() => { socket.destroy() }) })
  }
}

/** The response that is written to a socket. Node.js has no public property for it; this one has existed in all versions. */
function responseOn (socket: Socket & { _httpMessage?: ServerResponse | null }): ServerResponse | null {
  return socket._httpMessage ?? null
}

/** The connections of an HTTP server and their requests that have no response yet. */
class Connections {
  readonly #requests = new Map<Socket, Set<IncomingMessage>>()
  readonly #sessions = new Set<Http2Session>()
  #state: 'open' | 'closing' = 'open'
  #whenGone: (() => void) | undefined

  constructor (server: Server) {
    const connected = (socket: Socket & { alpnProtocol?: string | false | null }): void => {
      if (socket.alpnProtocol === 'h2') return
      this.#requests.set(socket, new Set())
      socket.once('close', () => { this.forget(socket) })
    }
    // A server that only speaks HTTP/2 has sessions, and no connections with requests.
    if (server instanceof TlsServer) server.on('secureConnection', connected)
    else if ('closeIdleConnections' in server) server.on('connection', connected)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => { this.#take(request, response) })
    server.on('session', (session: Http2Session) => {
      this.#sessions.add(session)
      session.once('close', () => {
        this.#sessions.delete(session)
        this.#tellIfGone()
      })
    })
  }

  /** Removes a connection that is closed or no longer speaks HTTP. */
  forget (socket: Socket): void {
    if (this.#requests.delete(socket)) this.#tellIfGone()
  }

  /** Closes idle connections now, and the others as soon as they become idle. */
  close (): void {
    this.#state = 'closing'
    for (const [socket, requests] of this.#requests) if (requests.size === 0) socket.destroy()
    for (const session of this.#sessions) session.close()
  }

  /** Closes connections whose requests are incomplete. */
  cutOff (): void {
    for (const [socket, requests] of this.#requests) for (const { complete } of requests) if (!complete) socket.destroy()
  }

  /** Resolves when no connection is left. */
  async gone (): Promise<void> {
    if (this.#requests.size > 0 || this.#sessions.size > 0) await new Promise<void>((resolve) => { this.#whenGone = resolve })
  }

  #tellIfGone (): void {
    if (this.#requests.size === 0 && this.#sessions.size === 0) this.#whenGone?.()
  }

  #take (request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const requests = this.#requests.get(socket)
    // A request over HTTP/2 belongs to a session.
    if (requests === undefined) return
    requests.add(request)
    response.once('close', () => {
      requests.delete(request)
      // Data that has been written is sent first.
      if (this.#state === 'closing' && requests.size === 0) socket.destroySoon()
    })
  }
}
