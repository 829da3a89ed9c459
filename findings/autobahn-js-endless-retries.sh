#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS), npm.
# Expected: `max_retries` limits the attempts and `retry_delay_growth` spaces them out, whatever makes an attempt fail.
# Instead:  both are reset as soon as the WebSocket opens, before the session has joined. If a router accepts the socket and
#           closes it at HELLO, as an overloaded or starting router may, the client retries at the initial delay without end.
#           Here it tries 20 times with `max_retries: 2`, and only the script stops it.
# Seen:     the line at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@26.3.1 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import autobahn from 'autobahn'
import { WebSocket } from 'ws'
import { router, see, until } from './mini-router.mjs'

globalThis.WebSocket = WebSocket
const { url } = await router({ intercept: ({ socket }) => { socket.close(1013, 'try again later'); return true } })
const attempts = []
const connection = new autobahn.Connection({ url, realm: 'realm1', max_retries: 2, initial_retry_delay: 0.05, retry_delay_growth: 10 })
connection.onclose = (reason, details) => {
  attempts.push(details)
  return attempts.length === 20
}
connection.open()
await until(() => attempts.length === 20)
see(`${attempts.length} attempts;`,
  `retry_count ${[...new Set(attempts.map(attempt => attempt.retry_count))]};`,
  `delay ever grew: ${attempts.some(attempt => attempt.retry_delay > 0.1)};`,
  `will_retry at the end: ${attempts.at(-1).will_retry}`)
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
20 attempts; retry_count 1; delay ever grew: false; will_retry at the end: true
SEEN
