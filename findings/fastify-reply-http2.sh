#!/usr/bin/env bash
# Software: fastify 5.12.8, npm, with Node.js 20 or later.
# Expected: `await reply.send(…)` goes on when the response is over, also if the client has gone meanwhile. With HTTP/1.1 it does.
# Instead:  with HTTP/2 it never settles if the client had canceled the stream before. Neither the code after it nor a `finally` around
#           it runs, so what the handler wanted to release stays. Nothing is logged.
# Seen:     the lines at the end of this script. It looks two seconds after the answer.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8

cat > try.mjs <<'JS'
import { get } from 'node:http'
import { connect } from 'node:http2'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'

async function look (what, options, ask) {
  const app = Fastify(options)
  const seen = []
  let begin, goOn
  const begun = new Promise((resolve) => { begin = resolve })
  const left = new Promise((resolve) => { goOn = resolve })
  app.get('/', async (request, reply) => {
    begin()
    await left
    try {
      await reply.send('answer')
      seen.push('goes on')
    } finally {
      seen.push('finally')
    }
    return reply
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const leave = ask(app.server.address().port)
  await begun
  leave()
  await setTimeout(300)
  goOn()
  await setTimeout(2000)
  console.log(`${what}: ${seen.join(', ') || 'nothing'}`)
}

const byHttp1 = (port) => {
  const request = get({ port, host: '127.0.0.1' }, (response) => response.resume())
  return request.on('error', () => {})
}
const byHttp2 = (port) => {
  const stream = connect(`http://127.0.0.1:${port}`).request({ ':path': '/' })
  return stream.on('error', () => {}).resume().end()
}
const stay = () => {}

await look('HTTP/1.1, the client waits', {}, (port) => { byHttp1(port); return stay })
await look('HTTP/1.1, the client has gone', {}, (port) => { const request = byHttp1(port); return () => request.destroy() })
await look('HTTP/2, the client waits', { http2: true }, (port) => { byHttp2(port); return stay })
await look('HTTP/2, the client has canceled', { http2: true }, (port) => { const stream = byHttp2(port); return () => stream.close(8) })
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
HTTP/1.1, the client waits: goes on, finally
HTTP/1.1, the client has gone: goes on, finally
HTTP/2, the client waits: goes on, finally
HTTP/2, the client has canceled: nothing
SEEN
