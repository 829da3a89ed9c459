#!/usr/bin/env bash
# Software: swampyer 3.1.20260922 (WAMP client), PyPI.
# Expected: a client counts its requests from 1, discloses itself only on request, says no more about itself in HELLO than
#           the name of its software, needs no optional parts of WELCOME, and answers GOODBYE.
# Instead:  request ids are random. Every CALL has `disclose_me: true`, so a router that forbids disclosure may refuse every call.
#           The default `agent` in HELLO contains the user, the host and the script's full path. A WELCOME without
#           `authmethod` makes `start()` fail with KeyError. GOODBYE from the router is not answered.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
pip_packages swampyer==3.1.20260922
mini_router

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { router, see, until, pause } from './mini-router.mjs'

for (const authmethod of ['anonymous', undefined]) {
  const { url, heard, sessions, close } = await router({
    intercept: (session, [type]) => {
      if (type === 1) session.send([2, 7, { roles: { broker: {}, dealer: {} }, authmethod }])
      return type === 1
    }
  })
  const client = spawn('python/bin/python', ['try.py', url], { stdio: 'inherit' })
  const gone = new Promise(resolve => client.on('exit', resolve))
  if (authmethod) {
    await until(() => heard.some(([type]) => type === 70))
    const [[, , { agent }]] = heard
    const requests = heard.filter(([type]) => [32, 64, 48].includes(type))
    see(`agent: name and version ${agent.startsWith('python-swampyer-')}, user@host:path ${/ \S+@\S+:\/\S+try\.py$/.test(agent)}`)
    see(`request ids: ${requests.filter(([, id]) => id > 2 ** 32).length > 0 ? 'large and random' : requests.map(([, id]) => id)}`)
    see('options of CALL:', requests.find(([type]) => type === 48)[2])
    for (const session of sessions) session.send([6, {}, 'wamp.close.system_shutdown'])
    await pause(4000)
    see(`answers to GOODBYE in 4 seconds: ${heard.filter(([type]) => type === 6).length}`)
    client.kill()
  }
  await gone
  await close()
}
process.exit()
JS
cat > try.py <<'PY'
import sys
import time

import swampyer

client = swampyer.WAMPClient(url=sys.argv[1], realm='realm1')
try:
    client.start()
except KeyError as error:
    with open('seen', 'a') as seen:
        print(f'WELCOME without authmethod: KeyError {error}', file=seen)
    sys.exit()
client.subscribe('a.topic', lambda event: None)
client.register('a.procedure', lambda event: 1)
client.call('a.procedure')
time.sleep(30)
PY
run node try.mjs

expect seen <<'SEEN'
agent: name and version true, user@host:path true
request ids: large and random
options of CALL: {"disclose_me":true}
answers to GOODBYE in 4 seconds: 0
WELCOME without authmethod: KeyError 'authmethod'
SEEN
