import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { addUpgrade, forgetConnection, OpenConnections } from './open-connections.ts'

type Server = FastifyInstance['server']

/**
 * Closes the connections that would delay `app.close()`. Fastify only closes connections that are idle when it starts to close. A connection
 * with a request in flight would stay open for as long as the client likes, and one with an incomplete request or TLS handshake, or none, until
 * a timeout that Node.js may no longer check. Browsers open such connections in advance. This closes a connection without a request at once, and one
 * with a request after its response. Every `patience` milliseconds, it ends requests that are incomplete, and responses that the client does not
 * read. Over HTTP/2, only their streams end.
 */
export function closeConnections (fastify: FastifyInstance, patience: number): void {
  const { server } = fastify
  const servers = new Map([[server, new OpenConnections(server)]])
  let timer: NodeJS.Timeout | undefined
  // Other servers emit their upgrades on the first server.
  const upgraded = (request: IncomingMessage, socket: Socket): void => {
    const response = endUpgrade(server, request, socket)
    if (response === null) forgetConnection(socket)
    else addUpgrade(request, response)
  }
  fastify.addHook('onListen', async () => { for (const further of furtherServers(fastify)) servers.set(further, new OpenConnections(further)) })
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
    timer = setInterval(() => { for (const connections of servers.values()) connections.check() }, patience)
  })
  fastify.addHook('onClose', async () => {
    // Fastify waits only for the first server.
    for (const [one, connections] of servers) if (one !== server) await connections.gone()
    clearInterval(timer)
  })
}

/** The servers that Fastify uses for further addresses of `localhost`. They are only accessible through this symbol. */
export function furtherServers (fastify: FastifyInstance): Server[] {
  for (let scope: object | null = fastify; scope !== null; scope = Object.getPrototypeOf(scope) as object | null) {
    const symbol = Object.getOwnPropertySymbols(scope).find(({ description }) => description === 'fastify.serverBindings')
    if (symbol !== undefined) return (scope as Record<symbol, Server[]>)[symbol]!
  }
  return []
}

/**
 * Ends the connection of an upgrade request that gets a normal response, such as 404. Node.js no longer reads such a connection, so it would
 * stay open even after the client has gone, and delay `app.close()`. @fastify/websocket only ends it in the scope in which it is registered.
 * Returns the response of the request, which @fastify/websocket also creates for a WebSocket, or null if another listener may have accepted it.
 */
function endUpgrade (server: Server, request: IncomingMessage, socket: Socket): ServerResponse | null {
  const response = responseOn(socket)
  if (response === null) {
    // @fastify/websocket does not accept it once it has started to close.
    if (server.listenerCount('upgrade') === 1) socket.destroy()
    return null
  }
  // An earlier request has no response yet, so this one cannot be answered in order.
  if (response.req !== request) socket.destroy()
  // This listener is registered in time: `finish` is emitted in a later turn, even if the response has already ended.
  else response.once('finish', () => { socket.end(() => { socket.destroy() }) })
  return response
}

/** The response that is written to a socket. Node.js has no public property for it; this one has existed in all versions. */
function responseOn (socket: Socket & { _httpMessage?: ServerResponse | null }): ServerResponse | null {
  return socket._httpMessage ?? null
}
