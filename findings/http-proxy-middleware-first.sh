#!/usr/bin/env bash
# Software: http-proxy-middleware 4.2.2, npm.
# Expected: with `ws: true` the middleware proxies each WebSocket, beginning with the first.
# Instead:  it starts to listen for upgrades only when the first request of any kind passes through it. If that is a WebSocket,
#           its handshake is handled as an ordinary request and is not completed; the next one works. After each restart of
#           the proxy one WAMP client is left waiting for its own timeout, and a health check by HTTP hides this.
# Seen:     the lines at the end of this script. Registering `upgrade` oneself avoids it.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages http-proxy-middleware@4.2.2 ws@8.23.0

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { WebSocket, WebSocketServer } from 'ws'

const upstream = createServer()
new WebSocketServer({ server: upstream }).on('error', () => {})
await once(upstream.listen(0, '127.0.0.1'), 'listening')
const target = `http://127.0.0.1:${upstream.address().port}`

for (const registered of [false, true]) {
  const middleware = createProxyMiddleware({ target, ws: true })
  const server = createServer((request, response) => middleware(request, response, () => response.end()))
  if (registered) server.on('upgrade', middleware.upgrade)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  for (const name of ['first', 'second']) {
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
    const opened = once(client, 'open').then(() => 'open', () => 'failed')
    const timeout = new Promise(resolve => setTimeout(resolve, 5000, 'no answer in 5 seconds'))
    console.log(`${registered ? 'upgrade registered' : 'ws: true only'}, ${name} WebSocket: ${await Promise.race([opened, timeout])}`)
    client.terminate()
  }
}
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
ws: true only, first WebSocket: no answer in 5 seconds
ws: true only, second WebSocket: open
upgrade registered, first WebSocket: open
upgrade registered, second WebSocket: open
SEEN
