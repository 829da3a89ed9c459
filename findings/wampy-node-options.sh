#!/usr/bin/env bash
# Software: wampy 8.0.2 with ws 8.23.0 and with websocket 1.0.35, all npm.
# Expected: a client in Node.js passes the option `additionalHeaders` to the class given as `ws`, and the option `authmethods`
#           to the router.
# Instead:  the options are passed in the argument order of the `websocket` package. With `ws`, which the README imports as
#           well, the headers are dropped without a warning, and so is a cookie in them. `authmethods` is sent only together
#           with an authid: with `['cookie']` or `['anonymous']` alone, `connect()` is rejected before anything is sent.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2 ws@8.23.0 websocket@1.0.35
mini_router

cat > try.mjs <<'JS'
import { Wampy } from 'wampy'
import websocket from 'websocket'
import { WebSocket } from 'ws'
import { router, see } from './mini-router.mjs'

let cookie
const { url, heard } = await router({ onUpgrade: ({ headers }) => { cookie = headers.cookie ?? 'none' } })
for (const [name, ws] of Object.entries({ websocket: websocket.w3cwebsocket, ws: WebSocket })) {
  const wampy = new Wampy(url, { ws, realm: 'realm1', additionalHeaders: { cookie: 'login=1' } })
  await wampy.connect()
  see(`package ${name}: cookie ${cookie}`)
  await wampy.disconnect()
}

for (const more of [{}, { authid: 'anybody', onChallenge: () => '' }]) {
  heard.length = 0
  const wampy = new Wampy(url, { ws: WebSocket, realm: 'realm1', authmethods: ['cookie'], ...more })
  const outcome = await wampy.connect().then(() => 'connected', (error) => error.name)
  see(`authmethods with [${Object.keys(more)}]: ${outcome}, HELLO with authmethods: ${heard[0]?.[2].authmethods ?? 'not sent'}`)
}
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
package websocket: cookie login=1
package ws: cookie none
authmethods with []: NoCRACallbackOrIdError, HELLO with authmethods: not sent
authmethods with [authid,onChallenge]: connected, HELLO with authmethods: cookie
SEEN
