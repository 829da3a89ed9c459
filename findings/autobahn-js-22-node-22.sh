#!/usr/bin/env bash
# Software: autobahn 22.11.1 (AutobahnJS) on Node.js 20.19.5 and 22.20.0, all from npm.
# Expected: a client in Node.js that sends a Cookie or Authorization header through the transport option `headers` continues
#           to do so after an upgrade of Node.js.
# Instead:  the client uses the `ws` package only if there is no global WebSocket. Node.js 22 has one, so the same client on
#           Node.js 22 switches to it and ignores the options that need `ws`: `headers`, `agent`, `tlsConfiguration` and the
#           keep-alive pings. There is no warning. Version 26 of the client always behaves this way.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@22.11.1 ws@8.23.0 node20@npm:node@20.19.5 node22@npm:node@22.20.0
mini_router

cat > try.mjs <<'JS'
import autobahn from 'autobahn'
import { router, see, until } from './mini-router.mjs'

let cookie
let pings = 0
const { url, sessions } = await router({ onUpgrade: (request) => { cookie = request.headers.cookie ?? 'none' } })
const transport = { type: 'websocket', url, headers: { cookie: 'login=1' }, autoping_interval: 1 }
const connection = new autobahn.Connection({ realm: 'realm1', transports: [transport] })
await new Promise(resolve => { connection.onopen = resolve; connection.open() })
for (const { socket } of sessions) socket.on('ping', () => { pings++ })
await until(() => pings > 0).catch(() => {})
see(`Node.js ${process.versions.node.split('.')[0]}: cookie ${cookie}, pings ${pings > 0 ? 'sent' : 'none'}`)
process.exit()
JS
run node_modules/node20/bin/node try.mjs
run node_modules/node22/bin/node try.mjs

expect seen <<'SEEN'
Node.js 20: cookie login=1, pings sent
Node.js 22: cookie none, pings none
SEEN
