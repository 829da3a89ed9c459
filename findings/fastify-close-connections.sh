#!/usr/bin/env bash
# Software: fastify 5.12.8, npm, with Node.js 20 or later.
# Expected: `app.close()` is done when the requests in flight are answered: connections that nobody uses are closed.
# Instead:  only the connections that are idle at that moment are closed. A connection whose request was in flight stays open
#           after its response for as long as the client keeps it (`keepAliveTimeout` is 72 seconds), and one on which no
#           request has come yet, as browsers open in advance, counts as busy. Either holds up the close by a minute or more.
# Seen:     the lines at the end of this script. It looks two seconds after the response, and then lets the clients go.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'

async function look (what, use) {
  const app = Fastify()
  app.get('/', async () => { await setTimeout(200); return 'done' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const release = await use(app)
  let state = 'open'
  const closed = app.close().then(() => { state = 'closed' })
  await setTimeout(2200)
  console.log(`${what}: ${state}`)
  release()
  await closed
}

await look('no client', async () => () => {})
await look('a request in flight', async (app) => {
  const agent = new Agent({ keepAlive: true })
  const received = once(app.server, 'request')
  get({ agent, port: app.server.address().port, host: '127.0.0.1' }, (response) => response.resume())
  await received
  return () => agent.destroy()
})
await look('a connection without a request', async (app) => {
  const taken = once(app.server, 'connection')
  const socket = connect(app.server.address().port, '127.0.0.1')
  await taken
  return () => socket.destroy()
})
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
no client: closed
a request in flight: open
a connection without a request: open
SEEN
