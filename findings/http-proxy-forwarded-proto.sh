#!/usr/bin/env bash
# Software: http-proxy 1.18.1 and fastify 5.12.8 with @fastify/websocket 11.3.7, npm.
# Expected: behind a proxy that sets X-Forwarded-Proto, `request.protocol` is `http` or `https`, also on a WebSocket route.
# Instead:  for a WebSocket, http-proxy with `xfwd` sends `ws` or `wss`, and Fastify with `trustProxy` takes over whatever comes.
#           Code that compares `request.protocol` with `'https'`, for instance to mark a cookie Secure or to build a URL, sees
#           an HTTPS visitor as one without TLS, on WebSocket routes only.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages http-proxy@1.18.1 fastify@5.12.8 @fastify/websocket@11.3.7 ws@8.23.0
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2> openssl.log

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import httpProxy from 'http-proxy'
import { WebSocket } from 'ws'

const app = Fastify({ trustProxy: '127.0.0.1' })
await app.register(websocket)
app.get('/http', async ({ protocol }) => protocol)
app.get('/ws', { websocket: true }, (socket, { protocol }) => socket.send(protocol))
await app.listen({ port: 0, host: '127.0.0.1' })

const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${app.server.address().port}`, xfwd: true })
const server = createServer({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem') }, (request, response) => proxy.web(request, response))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
await once(server.listen(0, '127.0.0.1'), 'listening')

const ca = readFileSync('cert.pem')
const options = { ca, checkServerIdentity: () => undefined }
const [response] = await once(get(`https://127.0.0.1:${server.address().port}/http`, options), 'response')
const [body] = await once(response, 'data')
console.log(`HTTPS: request.protocol is ${body}`)
const client = new WebSocket(`wss://127.0.0.1:${server.address().port}/ws`, options)
const [message] = await once(client, 'message')
console.log(`WebSocket over TLS: request.protocol is ${message}`)
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
HTTPS: request.protocol is https
WebSocket over TLS: request.protocol is wss
SEEN
