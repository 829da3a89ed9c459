#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS) and wampy 8.0.2, npm.
# Expected: a router that restarts sends GOODBYE with `wamp.close.system_shutdown`, as the specification asks, and clients
#           with automatic reconnection return once it is up again.
# Instead:  both clients treat any GOODBYE from the router as final and never reconnect. They do reconnect if the socket is
#           closed without GOODBYE or simply drops. Only the orderly shutdown loses the clients.
# Seen:     the lines at the end of this script. The script gives each client two seconds to return.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@26.3.1 wampy@8.0.2 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import autobahn from 'autobahn'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { router, see, until, pause } from './mini-router.mjs'

globalThis.WebSocket = WebSocket
const clients = {
  autobahn: (url) => new Promise(resolve => {
    const connection = new autobahn.Connection({ url, realm: 'realm1', initial_retry_delay: 0.2 })
    connection.onopen = resolve
    connection.open()
  }),
  wampy: (url) => new Wampy(url, { ws: WebSocket, realm: 'realm1', reconnectInterval: 200 }).connect()
}
const endings = {
  'closed with 1012': (session) => session.socket.close(1012),
  dropped: (session) => session.socket.terminate(),
  GOODBYE: (session) => {
    session.leaving = true
    session.send([6, {}, 'wamp.close.system_shutdown'])
  }
}

for (const [name, connect] of Object.entries(clients)) {
  for (const [how, end] of Object.entries(endings)) {
    const { url, sessions } = await router()
    await connect(url)
    end([...sessions][0])
    await until(() => sessions.size === 0)
    await pause(2000)
    see(`${name}, ${how}:`, sessions.size === 1 ? 'came back' : 'stayed away')
  }
}
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
autobahn, closed with 1012: came back
autobahn, dropped: came back
autobahn, GOODBYE: stayed away
wampy, closed with 1012: came back
wampy, dropped: came back
wampy, GOODBYE: stayed away
SEEN
