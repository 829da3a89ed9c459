#!/usr/bin/env bash
# Software: fastify 5.12.8 with @fastify/websocket 11.3.7 and @fastify/cookie 11.1.5, npm.
# Expected: a hook that sets a cookie or a header on the reply does so on a WebSocket route too, the hooks run to the end for
#           each request, and `injectWS` shows a test what a client would see.
# Instead:  the handshake's 101 response is written by `ws`, which knows nothing of Fastify's reply. What hooks set on it is
#           dropped without a warning. `onSend` and `onResponse` never run, not even when the socket closes, so logs and
#           metrics based on them lack every WebSocket connection. `injectWS` negotiates a subprotocol, but the client it
#           returns has an empty `protocol`, so a test cannot check which one was chosen.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8 @fastify/websocket@11.3.7 @fastify/cookie@11.1.5 ws@8.23.0

cat > try.mjs <<'JS'
import { once } from 'node:events'
import cookie from '@fastify/cookie'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket } from 'ws'

const app = Fastify()
await app.register(cookie)
await app.register(websocket)
const ran = []
app.addHook('onRequest', async (request, reply) => {
  ran.push('onRequest')
  reply.setCookie('login', '1').header('x-request-id', '7')
})
app.addHook('onSend', async () => { ran.push('onSend') })
app.addHook('onResponse', async () => { ran.push('onResponse') })
app.get('/http', async () => 'hello')
app.get('/ws', { websocket: true }, (socket) => socket.send('hello'))
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address()
const pause = () => new Promise(resolve => setTimeout(resolve, 500))
const show = (name, cookie, id) => console.log(`${name}: set-cookie ${cookie ?? 'none'}, x-request-id ${id ?? 'none'}, hooks ${ran.splice(0)}`)

const { headers } = await fetch(`http://127.0.0.1:${port}/http`)
await pause()
show('HTTP', headers.get('set-cookie'), headers.get('x-request-id'))

const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'wamp.2.json')
const [[response]] = await Promise.all([once(client, 'upgrade'), once(client, 'message')])
client.close()
await once(client, 'close')
await pause()
show('WebSocket', response.headers['set-cookie'], response.headers['x-request-id'])

const injected = await app.injectWS('/ws', { headers: { 'sec-websocket-protocol': 'wamp.2.json' } })
console.log(`protocol: '${client.protocol}' over the network, '${injected.protocol}' with injectWS`)
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
HTTP: set-cookie login=1; SameSite=Lax, x-request-id 7, hooks onRequest,onSend,onResponse
WebSocket: set-cookie none, x-request-id none, hooks onRequest
protocol: 'wamp.2.json' over the network, '' with injectWS
SEEN
