#!/usr/bin/env bash
# Software: fastify 5.12.8, npm.
# Expected: `app.close()` waits for the `preClose` hooks, in which an app says goodbye to its WebSocket clients, or reports
#           that closing took too long.
# Instead:  `pluginTimeout`, meant for the start of plugins, applies to hooks of the shutdown as well. If they take longer,
#           10 seconds by default, `close()` is rejected with "Plugin did not start in time", names no plugin, and runs the
#           `onClose` hooks although the `preClose` hook is still at work.
# Seen:     the lines at the end of this script, with a `pluginTimeout` of half a second.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8

cat > try.mjs <<'JS'
import Fastify from 'fastify'

const app = Fastify({ pluginTimeout: 500 })
const goodbyes = new Promise(resolve => setTimeout(resolve, 1500))
app.addHook('preClose', async () => {
  await goodbyes
  console.log('preClose has finished')
})
app.addHook('onClose', async () => console.log('onClose'))
await app.listen({ port: 0, host: '127.0.0.1' })
await app.close().then(() => console.log('close resolved'), ({ code, message }) => console.log(`close rejected: ${code}: ${message.split('.')[0]}`))
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
onClose
close rejected: AVV_ERR_READY_TIMEOUT: Plugin did not start in time: ''
preClose has finished
SEEN
