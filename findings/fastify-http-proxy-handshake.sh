#!/usr/bin/env bash
# Software: @fastify/http-proxy 11.6.3 with fastify 5.12.8, and http-proxy 1.18.1, npm.
# Expected: a WebSocket proxy passes the handshake on: the client gets the 101 of the server behind it, or its refusal.
# Instead:  @fastify/http-proxy completes the client's handshake itself and only then connects to the server behind it. If that
#           server answers 401, the client has already seen "open" and is then closed with 1011, so it cannot tell a refused
#           login from a failure. The server's Set-Cookie is lost. The subprotocol is the first one the client offers: if the
#           server supports only the second one, here JSON, the connection fails as well. http-proxy passes everything on.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages @fastify/http-proxy@11.6.3 fastify@5.12.8 http-proxy@1.18.1 ws@8.23.0

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import fastifyHttpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import httpProxy from 'http-proxy'
import { WebSocket, WebSocketServer } from 'ws'

const upstream = createServer()
const websockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'wamp.2.json' })
websockets.on('headers', headers => headers.push('Set-Cookie: login=1'))
upstream.on('upgrade', (request, socket, head) => {
  if (request.url === '/closed') return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
  websockets.handleUpgrade(request, socket, head, () => {})
})
await once(upstream.listen(0, '127.0.0.1'), 'listening')
const target = `http://127.0.0.1:${upstream.address().port}`

const plain = createServer()
const proxy = httpProxy.createProxyServer({ target })
plain.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
await once(plain.listen(0, '127.0.0.1'), 'listening')

const app = Fastify()
await app.register(fastifyHttpProxy, { upstream: target, websocket: true })
await app.listen({ port: 0, host: '127.0.0.1' })

for (const [name, server] of [['http-proxy', plain], ['@fastify/http-proxy', app.server]]) {
  for (const path of ['/open', '/closed']) {
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}${path}`, ['wamp.2.cbor', 'wamp.2.json'])
    const seen = []
    client.on('upgrade', ({ headers }) => seen.push(`101, set-cookie ${headers['set-cookie'] ?? 'none'}`))
    client.on('open', () => seen.push(`open with ${client.protocol}`))
    client.on('error', ({ message }) => seen.push(message))
    client.on('close', (code) => seen.push(`close ${code}`))
    await new Promise(resolve => setTimeout(resolve, 1500))
    console.log(`${name} ${path}: ${seen.join('; ')}`)
    client.terminate()
  }
}
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
http-proxy /open: 101, set-cookie login=1; open with wamp.2.json
http-proxy /closed: Unexpected server response: 401; close 1006
@fastify/http-proxy /open: 101, set-cookie none; open with wamp.2.cbor; close 1011
@fastify/http-proxy /closed: 101, set-cookie none; open with wamp.2.cbor; close 1011
SEEN
