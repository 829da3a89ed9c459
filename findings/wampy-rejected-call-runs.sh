#!/usr/bin/env bash
# Software: wampy 8.0.2, npm.
# Expected: if `call()` is rejected because the connection is down, the procedure does not run later.
# Instead:  the serialized CALL stays in the client's queue after its promise has been rejected, and is sent when the client
#           reconnects. An app that retries on the error has its procedure run twice. Here the app gives up after the
#           rejection, and the withdrawal takes place all the same.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { router, see, until, pause } from './mini-router.mjs'

const first = await router()
const wampy = new Wampy(first.url, { ws: WebSocket, realm: 'realm1', reconnectInterval: 300 })
await wampy.connect()
await first.close()
await pause(100)

const error = await wampy.call('account.withdraw', [100]).catch(error => error)
see(`rejected with ${error.name}`)
const second = await router({ port: first.port })
const isCall = ([type]) => type === 48
await until(() => second.heard.some(isCall))
see('the router that starts later receives', second.heard.find(isCall))
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
rejected with WebsocketError
the router that starts later receives [48,1,{},"account.withdraw",[100]]
SEEN
