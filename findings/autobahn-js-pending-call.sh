#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS), npm; wampy 8.0.2 for comparison.
# Expected: when the connection is lost, the promise of an outstanding call is rejected.
# Instead:  AutobahnJS discards the session together with its table of requests. `onclose` is called, but the promise is
#           never settled, so code after `await session.call(...)` does not run, nor do its `catch` and `finally`.
#           Wampy rejects the promise.
# Seen:     the lines at the end of this script.
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
const isCall = ([type]) => type === 48
const { url, heard, sessions } = await router({ intercept: (session, message) => isCall(message) })
const outcome = { autobahn: 'pending', wampy: 'pending' }
let closed = 'onclose was not called'

const connection = new autobahn.Connection({ url, realm: 'realm1' })
connection.onclose = () => { closed = 'onclose was called'; return true }
const session = await new Promise(resolve => { connection.onopen = resolve; connection.open() })
session.call('a.slow').then(() => { outcome.autobahn = 'resolved' }, () => { outcome.autobahn = 'rejected' })

const wampy = new Wampy(url, { ws: WebSocket, realm: 'realm1', autoReconnect: false })
await wampy.connect()
wampy.call('a.slow').then(() => { outcome.wampy = 'resolved' }, () => { outcome.wampy = 'rejected' })

await until(() => heard.filter(isCall).length === 2)
for (const { socket } of sessions) socket.close(1001)
await until(() => sessions.size === 0 && outcome.wampy !== 'pending')
await pause(2000)
see('autobahn', outcome.autobahn, closed)
see('wampy', outcome.wampy)
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
autobahn pending onclose was called
wampy rejected
SEEN
