#!/usr/bin/env bash
# Software: autobahn 26.10.2, PyPI (needs Python 3.11), with ws 8.23.0, npm, as a server.
# Expected: a Component takes `headers` of its transport, which it knows by name (a misspelt name is an error), and sends them
#           with the upgrade.
# Instead:  on asyncio the headers are checked and stored, and never sent. WampWebSocketClientFactory with `headers` sends them.
# Seen:     the lines at the end of this script: the Cookie header that a server gets from each.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
pip_packages autobahn==26.10.2

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'wamp.2.json' })
await once(server, 'listening')
for (const way of ['Component', 'WampWebSocketClientFactory']) {
  const child = spawn('python/bin/python', ['try.py', `ws://127.0.0.1:${server.address().port}/`, way], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, { headers }] = await once(server, 'connection')
  console.log(`${way}: ${headers.cookie}`)
  child.kill('SIGKILL')
}
process.exit()
JS
cat > try.py <<'PY'
import asyncio
import sys

import txaio
txaio.use_asyncio()

from autobahn.asyncio.component import Component, run
from autobahn.asyncio.wamp import ApplicationSession
from autobahn.asyncio.websocket import WampWebSocketClientFactory
from autobahn.websocket.util import parse_url

url, way = sys.argv[1:]
headers = {'Cookie': 'a=1'}


async def by_factory():
    loop = asyncio.get_running_loop()
    txaio.config.loop = loop
    _, host, port, *_ = parse_url(url)
    await loop.create_connection(WampWebSocketClientFactory(ApplicationSession, url=url, headers=headers), host, port)
    await asyncio.sleep(60)

if way == 'Component':
    run([Component(transports=[{'type': 'websocket', 'url': url, 'headers': headers}], realm='realm1')], log_level='critical')
else:
    asyncio.run(by_factory())
PY
timeout 120 node try.mjs > seen 2> errors || { cat errors; exit 1; }

expect seen <<'SEEN'
Component: undefined
WampWebSocketClientFactory: a=1
SEEN
