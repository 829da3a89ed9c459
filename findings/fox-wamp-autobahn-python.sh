#!/usr/bin/env bash
# Software: fox-wamp 0.7.28 (WAMP router), npm; autobahn 26.10.2 (Autobahn|Python), PyPI.
# Expected: a procedure that adds two numbers can be registered and called through the router.
# Instead:  if a result has no keyword arguments, fox-wamp writes null in their place: `[50, 1, {}, [3], null]`.
#           Autobahn|Python accepts only an object there, calls the message a protocol error and drops the connection.
#           The same happens to every event without keyword arguments. JavaScript clients take null for "none", so a system
#           of JavaScript clients works until the first Python client joins.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fox-wamp@0.7.28
pip_packages autobahn==26.10.2

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import FoxRouter from 'fox-wamp'

const server = createServer()
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
new FoxRouter().listenWAMP({ server, path: '/' })
for (const part of ['call', 'event']) {
  const client = spawn('python/bin/python', ['try.py', `ws://127.0.0.1:${server.address().port}/`, part], { stdio: 'inherit' })
  await new Promise(resolve => client.on('exit', resolve))
}
process.exit()
JS
cat > try.py <<'PY'
import asyncio
import sys

from autobahn.asyncio.component import Component
from autobahn.wamp.types import PublishOptions

component = Component(transports=[{'type': 'websocket', 'url': sys.argv[1], 'serializers': ['json'], 'max_retries': 0}], realm='realm1')


def see(line):
    with open('seen', 'a') as seen:
        print(line, file=seen)


@component.on_join
async def joined(session, details):
    if sys.argv[2] == 'call':
        await session.register(lambda a, b: a + b, 'add')
        see('registered')
        await session.call('add', 1, 2)
        see('called')
    else:
        await session.subscribe(lambda: see('event'), 'a.topic')
        see('subscribed')
        session.publish('a.topic', options=PublishOptions(exclude_me=False))
        await asyncio.sleep(1)
    session.leave()


@component.on_leave
def left(session, details):
    see(f'left: {details.reason}')


async def main():
    try:
        await component.start(asyncio.get_running_loop())
    except (Exception, asyncio.CancelledError):
        pass

asyncio.run(main())
PY
run node try.mjs
grep -o "WAMP Protocol Error (.*'kwargs' in .*)\"" run.log | tr -d '"' | sort -u >> seen

expect seen <<'SEEN'
registered
left: wamp.close.transport_lost
subscribed
left: wamp.close.transport_lost
WAMP Protocol Error (invalid type <class 'NoneType'> for 'kwargs' in EVENT)
WAMP Protocol Error (invalid type <class 'NoneType'> for 'kwargs' in RESULT)
SEEN
