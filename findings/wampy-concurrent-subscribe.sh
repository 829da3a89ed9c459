#!/usr/bin/env bash
# Software: wampy 8.0.2, npm.
# Expected: two parts of an app that subscribe to one topic both receive its events.
# Instead:  that holds only if the second waits until the first is subscribed. If both subscribe at the same time, as
#           components of a page do when it loads, the second handler replaces the first. Both promises resolve.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages wampy@8.0.2 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { router, see, pause } from './mini-router.mjs'

const { url } = await router()
const options = { ws: WebSocket, realm: 'realm1' }
const publisher = new Wampy(url, options)
await publisher.connect()
const subscriber = new Wampy(url, options)
await subscriber.connect()
const received = []
const handler = (name) => () => { received.push(name) }

await subscriber.subscribe('one.by.one', handler('first'))
await subscriber.subscribe('one.by.one', handler('second'))
await publisher.publish('one.by.one', ['event'])
await pause(500)
see('one by one:', received.splice(0))

await Promise.all([subscriber.subscribe('at.once', handler('first')), subscriber.subscribe('at.once', handler('second'))])
await publisher.publish('at.once', ['event'])
await pause(500)
see('at once:', received.splice(0))
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
one by one: ["first","second"]
at once: ["second"]
SEEN
