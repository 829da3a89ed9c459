#!/usr/bin/env bash
# Software: crossbar 26.10.1 (Crossbar.io), PyPI.
# Expected: a retained event is the event that was published: same publication id, whoever receives it and when.
# Instead:  each delivery of the retained event has a new publication id, so a client cannot use the id to recognize an event
#           that it has already handled, for instance after a reconnect. A prefix or wildcard subscription with
#           `get_retained: true` is accepted and receives nothing.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages ws@8.23.0
raw_client
crossbar_router

cat > try.mjs <<'JS'
import { join, see } from './raw-client.mjs'

const publisher = await join(process.argv[2])
await publisher.send(16, 1, { retain: true, acknowledge: true }, 'state.door', ['open'])
const ids = new Set([publisher.take(17)[0][2]])
const retained = async (match, topic) => {
  const subscriber = await join(process.argv[2])
  await subscriber.send(32, 1, { get_retained: true, match }, topic)
  const events = subscriber.take(36)
  for (const [,, publication] of events) ids.add(publication)
  see(`${match} '${topic}': ${subscriber.take(33).length} SUBSCRIBED, ${events.length} retained event`)
}
await retained('exact', 'state.door')
await retained('exact', 'state.door')
await retained('prefix', 'state')
await retained('wildcard', 'state.')
see(`one publication, two deliveries: ${ids.size} publication ids`)
process.exit()
JS
run node try.mjs "$router_url"

expect seen <<'SEEN'
exact 'state.door': 1 SUBSCRIBED, 1 retained event
exact 'state.door': 1 SUBSCRIBED, 1 retained event
prefix 'state': 1 SUBSCRIBED, 0 retained event
wildcard 'state.': 1 SUBSCRIBED, 0 retained event
one publication, two deliveries: 3 publication ids
SEEN
