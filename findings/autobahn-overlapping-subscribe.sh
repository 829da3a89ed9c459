#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS), npm; autobahn 26.10.2 (Autobahn|Python), PyPI.
# Expected: one part of an app subscribes to a topic while another part ends its own subscription to it. The first part then
#           receives the events.
# Instead:  both libraries count handlers, but not those whose SUBSCRIBE is on its way. If the last old handler leaves while a
#           new one is being added, they send UNSUBSCRIBE. A session has one subscription for each topic, so this ends the
#           new handler's subscription, too: `subscribe()` succeeds, no error is raised, and no event ever arrives.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@26.3.1 ws@8.23.0
pip_packages autobahn==26.10.2
mini_router

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import autobahn from 'autobahn'
import { WebSocket } from 'ws'
import { router, see, until, pause } from './mini-router.mjs'

globalThis.WebSocket = WebSocket
const { url, heard } = await router()
const join = () => new Promise(resolve => {
  const connection = new autobahn.Connection({ url, realm: 'realm1' })
  connection.onopen = resolve
  connection.open()
})
const publisher = await join()

const subscriber = await join()
let events = 0
const old = await subscriber.subscribe('a.topic', () => {})
const [fresh] = await Promise.all([subscriber.subscribe('a.topic', () => { events++ }), old.unsubscribe()])
await publisher.publish('a.topic', [], {}, { acknowledge: true })
await pause(500)
see(`AutobahnJS: subscribe() resolved, ${events} of 1 event; subscription.active ${fresh.active}`)

spawn('python/bin/python', ['try.py', url], { stdio: 'inherit' }).on('exit', () => process.exit())
await until(() => heard.some(([type,,, topic]) => type === 48 && topic === 'ready'))
await publisher.publish('a.topic', [], {}, { acknowledge: true })
JS
cat > try.py <<'PY'
import asyncio
import sys

from autobahn.asyncio.component import Component

component = Component(transports=[{'type': 'websocket', 'url': sys.argv[1], 'serializers': ['json']}], realm='realm1')


@component.on_join
async def joined(session, details):
    events = []
    old = await session.subscribe(lambda: None, 'a.topic')
    added = session.subscribe(lambda: events.append(1), 'a.topic')
    ended = old.unsubscribe()
    fresh = await added
    await ended
    try:
        await session.call('ready')
    except Exception:
        pass
    await asyncio.sleep(0.5)
    with open('seen', 'a') as seen:
        print(f'Autobahn|Python: subscribe() returned, {len(events)} of 1 event; subscription.active {fresh.active}', file=seen)
    session.leave()


async def main():
    await component.start(asyncio.get_running_loop())

asyncio.run(main())
PY
run node try.mjs

expect seen <<'SEEN'
AutobahnJS: subscribe() resolved, 0 of 1 event; subscription.active false
Autobahn|Python: subscribe() returned, 0 of 1 event; subscription.active False
SEEN
