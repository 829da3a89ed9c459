#!/usr/bin/env bash
# Software: ws 8.23.0, npm, which @fastify/websocket passes its `options` to.
# Expected: `maxPayload` above 4 GiB is either rejected or a very large limit.
# Instead:  only the lower 32 bits of the number are kept. With 4 GiB and 10 bytes a message of 11 bytes is too large, and the
#           connection is closed with code 1009. `server.options.maxPayload` still shows the number that was given.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'

const maxPayload = 4 * 1024 ** 3 + 10
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload })
await once(server, 'listening')
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', octets => socket.send(octets))
})
console.log(`server.options.maxPayload: ${server.options.maxPayload}`)
for (const length of [10, 11]) {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  await once(client, 'open')
  client.send('x'.repeat(length))
  const outcome = await Promise.race([once(client, 'message').then(() => 'echoed'), once(client, 'close').then(([code]) => `closed with ${code}`)])
  console.log(`message of ${length} bytes: ${outcome}`)
  client.terminate()
}
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
server.options.maxPayload: 4294967306
message of 10 bytes: echoed
message of 11 bytes: closed with 1009
SEEN
