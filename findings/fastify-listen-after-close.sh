#!/usr/bin/env bash
# Software: fastify 5.12.8, npm.
# Expected: `listen` rejects if the app has been closed, as `ready` hooks and plugins of a closed app no longer work.
# Instead:  it resolves, and the hook `onListen` runs. Every request is answered with 503. A second `close` resolves without an effect: the server listens
#           until the process ends.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8

cat > try.mjs <<'JS'
import { appendFileSync } from 'node:fs'
import Fastify from 'fastify'

async function attempt (name, prepare) {
  const hooks = []
  const app = Fastify()
  for (const hook of ['onReady', 'onListen', 'preClose', 'onClose']) app.addHook(hook, async () => { hooks.push(hook) })
  app.get('/', async () => 'served')
  await app.register(async () => {})
  await prepare(app)
  await app.close()
  const listened = await app.listen({ port: 0, host: '127.0.0.1' }).then((url) => ({ url }), ({ code }) => ({ code }))
  await app.close()
  const answer = listened.url === undefined ? listened.code : await fetch(listened.url).then((response) => response.text())
  appendFileSync('seen', `${name}: ${hooks.join(', ')}; after two closes: ${answer}\n`)
}

await attempt('closed before it was ready', async () => {})
await attempt('closed after it was ready', async (app) => { await app.ready() })
process.exit()
JS
run node try.mjs

expect seen <<'SEEN'
closed before it was ready: preClose, onClose, onListen; after two closes: {"error":"Service Unavailable","message":"Service Unavailable","statusCode":503}
closed after it was ready: onReady, preClose, onClose, onListen; after two closes: {"error":"Service Unavailable","message":"Service Unavailable","statusCode":503}
SEEN
