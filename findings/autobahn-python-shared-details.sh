#!/usr/bin/env bash
# Software: autobahn 26.10.2 (Autobahn|Python), PyPI.
# Expected: several handlers of one topic receive each event independently, and only those subscribed with
#           `SubscribeOptions(details=True)` are given `details`.
# Instead:  all handlers share one dictionary of keyword arguments. A handler with `details=True` adds `details` to it, and the
#           handlers after it are called with `details` as well. Handlers with fixed parameters then raise TypeError, which is
#           only logged, and miss the event. This happens only for events that have keyword arguments.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
pip_packages autobahn==26.10.2
mini_router

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { router } from './mini-router.mjs'

const { url } = await router()
spawn('python/bin/python', ['try.py', url], { stdio: 'inherit' }).on('exit', () => process.exit())
JS
cat > try.py <<'PY'
import asyncio
import sys

from autobahn.asyncio.component import Component
from autobahn.wamp.types import PublishOptions, SubscribeOptions

component = Component(transports=[{'type': 'websocket', 'url': sys.argv[1], 'serializers': ['json']}], realm='realm1')
received = {'with details': 0, 'without details': 0}


def with_details(price=None, details=None):
    received['with details'] += 1


def without_details(price=None):
    received['without details'] += 1


@component.on_join
async def joined(session, details):
    await session.subscribe(with_details, 'a.topic', options=SubscribeOptions(details=True))
    await session.subscribe(without_details, 'a.topic')
    for arguments in ({}, {'price': 5}):
        session.publish('a.topic', **arguments, options=PublishOptions(exclude_me=False))
        await asyncio.sleep(0.5)
        with open('seen', 'a') as seen:
            print(f'event with keyword arguments {arguments}: {received}', file=seen)
        received.update(dict.fromkeys(received, 0))
    session.leave()


async def main():
    await component.start(asyncio.get_running_loop())

asyncio.run(main())
PY
run node try.mjs
grep -o "TypeError: .*" run.log >> seen

expect seen <<'SEEN'
event with keyword arguments {}: {'with details': 1, 'without details': 1}
event with keyword arguments {'price': 5}: {'with details': 1, 'without details': 0}
TypeError: without_details() got an unexpected keyword argument 'details'
SEEN
