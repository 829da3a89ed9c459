#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS), npm.
# Expected: `call.cancel({ mode: 'killnowait' })` sends CANCEL, and the router answers with ERROR for the CALL, as the
#           specification asks for each of the modes.
# Instead:  in every mode but `kill` the client forgets the call as it sends CANCEL, because it assumes that no answer comes.
#           It then treats the router's ERROR as a protocol violation and closes the whole connection. The handler
#           `on_internal_error` is called without the error: its argument is undefined.
# Seen:     the lines at the end of this script. The session is still there after `kill`, and gone after the others.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@26.3.1 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import autobahn from 'autobahn'
import { WebSocket } from 'ws'
import { router, see, pause } from './mini-router.mjs'

globalThis.WebSocket = WebSocket
for (const mode of ['kill', 'killnowait', 'skip']) {
  const { url, sessions } = await router({
    intercept: (session, [type, request]) => {
      if (type === 49) session.send([8, 48, request, {}, 'wamp.error.canceled'])
      return type === 48 || type === 49
    }
  })
  let violation = 'not called'
  const connection = new autobahn.Connection({ url, realm: 'realm1', on_internal_error: (error) => { violation = String(error) } })
  connection.onclose = () => true
  const session = await new Promise(resolve => { connection.onopen = resolve; connection.open() })
  const call = session.call('a.slow')
  call.cancel({ mode })
  const error = await call.catch(error => error)
  await pause(500)
  see(`${mode}: ${error.error}; ${sessions.size === 1 ? 'still connected' : 'connection closed'}; on_internal_error: ${violation}`)
}
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
kill: wamp.error.canceled; still connected; on_internal_error: not called
killnowait: Cancelled; connection closed; on_internal_error: undefined
skip: Cancelled; connection closed; on_internal_error: undefined
SEEN
