#!/usr/bin/env bash
# Software: autobahn 26.10.2 (Autobahn|Python), PyPI.
# Expected: `max_retries` of a component limits attempts that fail in a row. A session that joins resets the count and the
#           delay.
# Instead:  they are reset only if the component has a `main` function. A component built with decorators such as `@on_join`
#           counts every connection of its lifetime: with the default of 15, the 16th loss of the connection, perhaps months
#           after the first, ends it with "Exhausted all transport connect attempts". Its delay grows from loss to loss, too.
# Seen:     the lines at the end of this script. The router drops each session a moment after it has joined; both components
#           have `max_retries: 3`.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
pip_packages autobahn==26.10.2
mini_router

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { router, see } from './mini-router.mjs'

for (const style of ['decorators', 'main']) {
  let joined = 0
  let client
  const { url } = await router({
    intercept: ({ socket }, [type]) => {
      if (type !== 1) return false
      if (++joined === 8) client.kill()
      setTimeout(() => socket.terminate(), 100)
      return false
    }
  })
  client = spawn('python/bin/python', ['try.py', url, style], { stdio: 'inherit' })
  const [, signal] = await new Promise(resolve => client.on('exit', (...how) => resolve(how)))
  see(`${style}: joined ${joined} times, ${signal ? 'then stopped by this script' : 'then gave up'}`)
}
process.exit()
JS
cat > try.py <<'PY'
import asyncio
import sys

from autobahn.asyncio.component import Component

url, style = sys.argv[1:]


async def main(reactor, session):
    await asyncio.sleep(3600)

component = Component(
    main=main if style == 'main' else None,
    transports=[{'type': 'websocket', 'url': url, 'serializers': ['json'],
                 'max_retries': 3, 'initial_retry_delay': 0.1, 'retry_delay_growth': 1.1}],
    realm='realm1')


@component.on_join
def joined(session, details):
    pass


async def start():
    try:
        await component.start(asyncio.get_running_loop())
    except RuntimeError as error:
        with open('seen', 'a') as seen:
            print(f'{style}: {error}', file=seen)

asyncio.run(start())
PY
run node try.mjs

expect seen <<'SEEN'
decorators: Component failed: Exhausted all transport connect attempts
decorators: joined 4 times, then gave up
main: joined 8 times, then stopped by this script
SEEN
