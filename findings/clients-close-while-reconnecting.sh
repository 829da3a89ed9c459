#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS) and wampy 8.0.2, npm.
# Expected: an app that closes its client while the client waits to reconnect stays disconnected.
# Instead:  neither client cancels its reconnect timer. `connection.close()` and `await wampy.disconnect()` return without an
#           error, and a moment later both clients have joined the realm again, with a session the app believes is gone.
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
const { url, sessions } = await router()
const lose = async () => {
  for (const { socket } of sessions) socket.terminate()
  await until(() => sessions.size === 0)
  await pause(100)
}

const connection = new autobahn.Connection({ url, realm: 'realm1', initial_retry_delay: 1 })
await new Promise(resolve => { connection.onopen = resolve; connection.open() })
await lose()
connection.close()
see('autobahn after close():', connection.isOpen ? 'open' : 'not open')
await until(() => sessions.size === 1).catch(() => {})
await pause(100)
see('autobahn some time later:', connection.isOpen ? 'open' : 'not open')
connection.close()
await until(() => sessions.size === 0)

const wampy = new Wampy(url, { ws: WebSocket, realm: 'realm1', reconnectInterval: 1000 })
await wampy.connect()
await lose()
await wampy.disconnect()
see('wampy after disconnect():', wampy.getSessionId() ? 'open' : 'not open')
await until(() => sessions.size === 1).catch(() => {})
await pause(100)
see('wampy some time later:', wampy.getSessionId() ? 'open' : 'not open')
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
autobahn after close(): not open
autobahn some time later: open
wampy after disconnect(): not open
wampy some time later: open
SEEN
