#!/usr/bin/env bash
# Software: autobahn 26.10.2 (Autobahn|Python), PyPI.
# Expected: a component with `max_retries: -1` reconnects whenever its app has not left by itself.
# Instead:  it depends on the reason in the router's GOODBYE. After `wamp.close.normal` or `wamp.close.goodbye_and_out` the
#           component is considered done: `start()` returns without an error, and the program that waits for it ends. After
#           any other reason, even `wamp.close.killed`, it reconnects. AutobahnJS and wampy reconnect after none of them.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
pip_packages autobahn==26.10.2
mini_router

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { router, see, until, pause } from './mini-router.mjs'

for (const reason of ['normal', 'goodbye_and_out', 'system_shutdown', 'close_realm', 'killed']) {
  const { url, heard, sessions, close } = await router()
  const client = spawn('python/bin/python', ['try.py', url], { stdio: 'inherit' })
  const gone = new Promise(resolve => client.on('exit', (code) => resolve(`ended with exit code ${code}`)))
  const hellos = () => heard.filter(([type]) => type === 1).length
  await until(() => hellos() === 1)
  await pause(500)
  for (const session of sessions) {
    session.leaving = true
    session.send([6, {}, `wamp.close.${reason}`])
  }
  const back = until(() => hellos() === 2).then(() => 'came back', () => 'neither ended nor came back')
  see(`wamp.close.${reason}: ${await Promise.race([gone, back])}`)
  client.kill()
  await gone
  await close()
}
process.exit()
JS
cat > try.py <<'PY'
import asyncio
import sys

from autobahn.asyncio.component import Component

component = Component(transports=[{'type': 'websocket', 'url': sys.argv[1], 'serializers': ['json'],
                                   'max_retries': -1, 'initial_retry_delay': 0.2}], realm='realm1')


async def main():
    await component.start(asyncio.get_running_loop())

asyncio.run(main())
PY
run node try.mjs

expect seen <<'SEEN'
wamp.close.normal: ended with exit code 0
wamp.close.goodbye_and_out: ended with exit code 0
wamp.close.system_shutdown: came back
wamp.close.close_realm: came back
wamp.close.killed: came back
SEEN
