#!/usr/bin/env bash
# Software: wampy 8.0.2, npm.
# Expected: `publish(topic, payload, { retain: true, exclude_me: false })` sends both options to the router.
# Instead:  neither reaches the router. `retain` is checked for its type and then left out, so no event is ever retained.
#           `exclude_me` is sent only if it is true, which is the default anyway, so a publisher cannot ask for its own event.
#           The promise resolves in both cases.
# Seen:     the PUBLISH at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { router, see } from './mini-router.mjs'

const { url, heard } = await router()
const wampy = new Wampy(url, { ws: WebSocket, realm: 'realm1' })
await wampy.connect()
await wampy.publish('a.topic', ['payload'], { retain: true, exclude_me: false, disclose_me: true })
see(heard.at(-1))
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
[16,1,{"acknowledge":true,"disclose_me":true},"a.topic",["payload"]]
SEEN
