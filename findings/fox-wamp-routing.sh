#!/usr/bin/env bash
# Software: fox-wamp 0.7.28 (WAMP router), npm.
# Expected: a subscription with `match: 'prefix'` or `'wildcard'` is a pattern and one with `'exact'` is not; a session has one
#           subscription for each topic; a second REGISTER of a procedure is refused; a call ends if its callee leaves.
# Instead:  `match` is ignored. Patterns are MQTT's, in every URI: `news.#` with `match: 'exact'` receives `news.today`, and
#           `news` with `match: 'prefix'` does not. Two SUBSCRIBEs to one topic give two ids and two events for each
#           publication. A second callee is accepted, and one of the two serves every call. A call whose callee leaves is
#           never answered.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fox-wamp@0.7.28 ws@8.23.0
raw_client

cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import FoxRouter from 'fox-wamp'
import { join as joinAt, see, pause } from './raw-client.mjs'

const server = createServer()
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
new FoxRouter().listenWAMP({ server, path: '/' })
const join = () => joinAt(`ws://127.0.0.1:${server.address().port}/`)
const publisher = await join()

for (const [match, topic] of [['prefix', 'news'], ['wildcard', '.today'], ['exact', 'news.#']]) {
  const subscriber = await join()
  await subscriber.send(32, 1, { match }, topic)
  await publisher.send(16, 1, {}, 'news.today', ['event'])
  see(`match: ${match}, '${topic}': ${subscriber.take(36).length} event of 'news.today'`)
}

const subscriber = await join()
await subscriber.send(32, 1, {}, 'a.topic')
await subscriber.send(32, 2, {}, 'a.topic')
await publisher.send(16, 2, {}, 'a.topic', ['event'])
see(`subscribed twice: ${new Set(subscriber.take(33).map(([,, id]) => id)).size} ids, ${subscriber.take(36).length} events`)

const callees = [await join(), await join()]
const caller = await join()
for (const callee of callees) await callee.send(64, 1, {}, 'a.procedure')
for (const request of [1, 2, 3, 4]) await caller.send(48, request, {}, 'a.procedure')
see(`registered twice: REGISTERED ${callees.map(callee => callee.take(65).length)}, invocations ${callees.map(callee => callee.take(68).length).sort()}`)

for (const { socket } of callees) socket.close()
await pause(2000)
see(`callees left: ${[...caller.take(8), ...caller.take(50)].length} of 4 calls answered`)
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
match: prefix, 'news': 0 event of 'news.today'
match: wildcard, '.today': 0 event of 'news.today'
match: exact, 'news.#': 1 event of 'news.today'
subscribed twice: 2 ids, 2 events
registered twice: REGISTERED 1,1, invocations 0,4
callees left: 0 of 4 calls answered
SEEN
