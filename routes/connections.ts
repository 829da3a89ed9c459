import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'

type Server = FastifyInstance['server']

/**
 * Closes connections that would hold up the end of the app, when it closes. Fastify closes those that are idle as it begins to close. All
 * others stay open: after the responses to requests in flight as long as clients like, and where half a request or none has come, as
 * browsers open connections in advance, until a deadline that Node.js no longer looks at. So a connection without a request is closed at
 * once, one with a request after its response, and one whose request has not arrived after so many milliseconds.
 */
export function closeConnections (fastify: FastifyInstance, patience: number): void {
  const { server } = fastify
  const servers = new Map([[server, new Connections(server)]])
  let timer: NodeJS.Timeout | undefined
  // Further servers hand theirs on to the first one.
  const upgraded = (request: IncomingMessage, socket: Socket): void => {
    for (const connections of servers.values()) connections.forget(socket)
    endUpgrade(server, request, socket)
  }
  fastify.addHook('onListen', async () => { for (const further of furtherServers(fastify)) servers.set(further, new Connections(further)) })
  // After all who answer upgrades.
  fastify.addHook('onReady', async () => { server.on('upgrade', upgraded) })
  fastify.addHook('preClose', async () => {
    // While anybody listens, Node.js leaves upgrades to them.
    server.removeListener('upgrade', upgraded)
    for (const [one, connections] of servers) {
      // Fastify closes the others only after the first one.
      if (one !== server) one.close()
      connections.close()
    }
    timer = setTimeout(() => { for (const connections of servers.values()) connections.cutOff() }, patience)
  })
  fastify.addHook('onClose', async () => {
    // Fastify waits for the first server only.
    for (const [one, connections] of servers) if (one !== server) await connections.gone()
    clearTimeout(timer)
  })
}

/** The servers that Fastify listens on besides its first, for further addresses of `localhost`. It tells nobody but by this symbol. */
function furtherServers (fastify: FastifyInstance): Server[] {
  for (let scope: object | null = fastify; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
    const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.serverBindings')
    if (symbol !== undefined) return (scope as Record<symbol, Server[]>)[symbol]!
  }
  return []
}

/**
 * Ends the connection of an upgrade that is answered by a response, such as 404: Node.js no longer reads it, so it would stay, even when
 * the client has gone, and hold up the close. @fastify/websocket ends it only where its own hooks run, which are those of its scope.
 */
function endUpgrade (server: Server, request: IncomingMessage, socket: Socket): void {
  const response = responseOn(socket)
  if (response === null) {
    // Others may have taken it in their own way. @fastify/websocket no longer does once it has begun to close.
    if (server.listenerCount('upgrade') === 1) socket.destroy()
  } else if (response.req !== request) {
    // The last request has no answer yet: nobody could answer this one in order.
    socket.destroy()
  } else {
    // It has not been told yet, even if the response was ended at once.
    response.once('finish', () => { socket.end(() => { socket.destroy() }) })
  }
}

/** The response that is written to a socket. Node.js has no other way to ask for it, and has had this one always. */
function responseOn (socket: Socket & { _httpMessage?: ServerResponse | null }): ServerResponse | null {
  return socket._httpMessage ?? null
}

/** The connections of an HTTP server, and the requests on them that are not answered yet. */
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
    // A server of HTTP/2 alone has sessions, and no requests of a connection.
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

  /** A connection is closed, or is one of HTTP no more. */
  forget (socket: Socket): void {
    if (this.#requests.delete(socket)) this.#tellIfGone()
  }

  /** Closes what is not used, and from now on what is used no more. */
  close (): void {
    this.#state = 'closing'
    for (const [socket, requests] of this.#requests) if (requests.size === 0) socket.destroy()
    for (const session of this.#sessions) session.close()
  }

  /** Closes connections whose requests have not arrived. */
  cutOff (): void {
    for (const [socket, requests] of this.#requests) for (const { complete } of requests) if (!complete) socket.destroy()
  }

  /** Resolves when none is left. */
  async gone (): Promise<void> {
    if (this.#requests.size > 0 || this.#sessions.size > 0) await new Promise<void>((resolve) => { this.#whenGone = resolve })
  }

  #tellIfGone (): void {
    if (this.#requests.size === 0 && this.#sessions.size === 0) this.#whenGone?.()
  }

  #take (request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const requests = this.#requests.get(socket)
    // One of HTTP/2, which is a stream of its session.
    if (requests === undefined) return
    requests.add(request)
    response.once('close', () => {
      requests.delete(request)
      // What was written leaves first.
      if (this.#state === 'closing' && requests.size === 0) socket.destroySoon()
    })
  }
}
