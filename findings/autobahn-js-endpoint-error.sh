#!/usr/bin/env bash
# Software: autobahn 26.3.1 (AutobahnJS), npm.
# Expected: if a procedure throws `new Error('no money left')`, its caller receives a WAMP error with that message.
# Instead:  the callee puts the Error object itself into the arguments of its ERROR message. JSON serializes an Error as an
#           empty object, so the caller receives `wamp.error.runtime_error` with `[{}]` and the message is lost. Only an
#           `autobahn.Error` arrives intact. The caller's promise is rejected with a value that is no JavaScript Error.
# Seen:     the two lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages autobahn@26.3.1 ws@8.23.0
mini_router

cat > try.mjs <<'JS'
import autobahn from 'autobahn'
import { WebSocket } from 'ws'
import { router, see } from './mini-router.mjs'

globalThis.WebSocket = WebSocket
const { url } = await router()
const connection = new autobahn.Connection({ url, realm: 'realm1' })
connection.onopen = async (session) => {
  await session.register('account.plain', () => { throw new Error('no money left') })
  await session.register('account.wamp', () => { throw new autobahn.Error('account.error.empty', ['no money left']) })
  for (const procedure of ['account.plain', 'account.wamp']) {
    const error = await session.call(procedure).catch(error => error)
    see(procedure, error, `instanceof Error: ${error instanceof Error}`)
  }
  process.exit()
}
connection.open()
JS
run node try.mjs

expect seen <<'SEEN'
account.plain {"error":"wamp.error.runtime_error","args":[{}],"kwargs":{}} instanceof Error: false
account.wamp {"error":"account.error.empty","args":["no money left"],"kwargs":{}} instanceof Error: false
SEEN
