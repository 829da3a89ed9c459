#!/usr/bin/env bash
# Software: crossbar 26.10.1 (Crossbar.io), PyPI.
# Expected: the option `timeout` of a CALL is in milliseconds, as the specification says; CANCEL with `mode: 'skip'` ends the
#           call for the caller with ERROR; progressive results go only to callers that set `receive_progress`.
# Instead:  `timeout` is in seconds: a client that asks for 2000 (two seconds) waits for more than half an hour. The error is
#           `wamp.error.canceled`, so an expired call cannot be told from one that was cancelled. After CANCEL with `skip` the
#           caller receives nothing at all, neither ERROR nor the result. Progress arrives without being asked for.
#           WELCOME announces call_canceling and progressive_call_results, and does not announce call_timeout.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
raw_client
crossbar_router

cat > try.mjs <<'JS'
import { join, see, pause } from './raw-client.mjs'

const callee = await join(process.argv[2])
const caller = await join(process.argv[2])
await callee.send(64, 1, {}, 'a.procedure')
const answers = (request) => [...caller.take(8).filter(message => message[2] === request), ...caller.take(50).filter(message => message[1] === request)]
const yieldLast = (...rest) => callee.send(70, callee.take(68).at(-1)[1], ...rest)

const { dealer } = caller.take(2)[0][2].roles
see(`announced: call_canceling ${dealer.features.call_canceling}, progressive_call_results ${dealer.features.progressive_call_results}, call_timeout ${dealer.features.call_timeout}`)
for (const [request, timeout] of [[1, 2000], [2, 2]]) {
  await caller.send(48, request, { timeout }, 'a.procedure')
  await pause(4000)
  see(`timeout ${timeout}, after 4 seconds: ${JSON.stringify(answers(request))}`)
}

await caller.send(48, 3, {}, 'a.procedure')
await caller.send(49, 3, { mode: 'skip' })
await yieldLast({}, ['late'])
await pause(1000)
see(`cancelled with skip, then the callee yields: ${JSON.stringify(answers(3))}`)

await caller.send(48, 4, {}, 'a.procedure')
await yieldLast({ progress: true }, ['half'])
see(`called without receive_progress: ${answers(4).filter(([,, details]) => details.progress).length} progressive result`)
process.exit()
JS
run node try.mjs "$router_url"

expect seen <<'SEEN'
announced: call_canceling true, progressive_call_results true, call_timeout undefined
timeout 2000, after 4 seconds: []
timeout 2, after 4 seconds: [[8,48,2,{},"wamp.error.canceled",["timeout reached"]]]
cancelled with skip, then the callee yields: []
called without receive_progress: 1 progressive result
SEEN
