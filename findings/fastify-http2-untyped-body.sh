#!/usr/bin/env bash
# Software: fastify 5.12.8, npm, with Node.js 20 or later.
# Expected: with a content type parser for `*`, the handler receives every body, or the request is refused. HTTP/2 marks the end of a body
#           itself, so a request needs neither Content-Length nor Transfer-Encoding.
# Instead:  over HTTP/2, a body without Content-Type and Content-Length is dropped silently: the parser is not called, `request.body` is
#           undefined, and the handler runs. Over HTTP/1.1, the same request reaches the parser, in chunks as well.
# Seen:     the lines at the end of this script: what the handler receives of a body of five octets.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages fastify@5.12.8

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:http2'
import Fastify from 'fastify'

async function overHttp1 (port, headers) {
  const sent = request({ port, host: '127.0.0.1', method: 'POST', headers })
  sent.write('he')
  sent.end('llo')
  const [response] = await once(sent, 'response')
  return await response.setEncoding('utf8').toArray()
}

async function overHttp2 (port, headers) {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':method': 'POST', ':path': '/', ...headers })
  stream.end('hello')
  const text = await stream.setEncoding('utf8').toArray()
  session.close()
  return text
}

for (const [name, options, ask] of [['HTTP/1.1', {}, overHttp1], ['HTTP/2', { http2: true }, overHttp2]]) {
  const app = Fastify(options)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  app.post('/', async ({ body }) => body === undefined ? 'undefined' : `${body.length} octets`)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address()
  for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-length': '5' }]) {
    console.log(`${name}, ${Object.keys(headers)[0] ?? 'neither'}: ${(await ask(port, headers)).join('')}`)
  }
  await app.close()
}
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
HTTP/1.1, neither: 5 octets
HTTP/1.1, content-type: 5 octets
HTTP/1.1, content-length: 5 octets
HTTP/2, neither: undefined
HTTP/2, content-type: 5 octets
HTTP/2, content-length: 5 octets
SEEN
