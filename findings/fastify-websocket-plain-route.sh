#!/usr/bin/env bash
# Software: fastify 5.12.8 with @fastify/websocket 11.3.7, npm.
# Expected: an upgrade request to a route without `websocket: true` is an ordinary GET, or is refused (Node.js without a listener for `upgrade`
#           answers it like a GET), and the hooks of the route decide.
# Instead:  @fastify/websocket wraps the handler of each route that is registered after it. The handshake is completed with 101, and the
#           WebSocket is then closed without a code (1005 at the client). The handler of the route is never called.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8 @fastify/websocket@11.3.7 ws@8.23.0

cat > try.mjs <<'JS'
import { once } from 'node:events'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket } from 'ws'

async function ask (app, path) {
  const { port } = app.server.address()
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  const refused = once(client, 'unexpected-response').then(([, { statusCode }]) => `response ${statusCode}`)
  const closed = once(client, 'open').then(async () => `101, then close ${(await once(client, 'close'))[0]}`)
  return await Promise.race([refused, closed])
}

for (const [name, before] of [['the plugin is registered first', true], ['without the plugin', false]]) {
  const app = Fastify()
  let calls = 0
  if (before) await app.register(websocket)
  app.get('/plain', async () => { calls++; return 'plain' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  console.log(`${name}: ${await ask(app, '/plain')}, the handler ran ${calls} times`)
  await app.close()
}
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
the plugin is registered first: 101, then close 1005, the handler ran 0 times
without the plugin: response 200, the handler ran 1 times
SEEN
