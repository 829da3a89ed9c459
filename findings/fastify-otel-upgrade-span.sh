#!/usr/bin/env bash
# Software: @fastify/otel 0.21.2 with fastify 5.12.8 and @fastify/websocket 11.3.7, npm.
# Expected: each request has one span `request`, which ends when it is answered, also where the answer is a WebSocket.
# Instead:  the span of an upgrade that is accepted is never ended: the instrumentation ends it in `onSend` and `onResponse`, and neither
#           runs for these. It is never exported, and the spans of the hooks and of the handler refer to a parent that no backend
#           ever receives. An upgrade that is refused has its span. `ignorePaths` leaves such routes out altogether.
# Seen:     the lines at the end of this script.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
npm_packages @fastify/otel@0.21.2 fastify@5.12.8 @fastify/websocket@11.3.7 ws@8.23.0 @opentelemetry/api@1.9.1 @opentelemetry/sdk-trace-base@2.12.1 @opentelemetry/context-async-hooks@2.12.1

cat > try.mjs <<'JS'
import { once } from 'node:events'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import websocket from '@fastify/websocket'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import Fastify from 'fastify'
import { WebSocket } from 'ws'

const exporter = new InMemorySpanExporter()
api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
api.trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))

for (const options of [{}, { ignorePaths: ({ url }) => url === '/ws' }]) {
  const app = Fastify()
  await app.register(new FastifyOtelInstrumentation(options).plugin())
  await app.register(websocket)
  app.get('/http', async () => 'hello')
  app.get('/ws', { websocket: true }, (socket) => socket.send('hello'))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address()
  const show = async (name) => {
    await new Promise(resolve => setTimeout(resolve, 500))
    const spans = exporter.getFinishedSpans()
    exporter.reset()
    const ids = new Set(spans.map(span => span.spanContext().spanId))
    const orphans = spans.filter(({ parentSpanContext: parent }) => parent !== undefined && !ids.has(parent.spanId))
    console.log(`${name}: ${spans.filter(span => span.name === 'request').length} of request, ${orphans.length > 0 ? 'others' : 'none'} without their parent`)
  }

  await (await fetch(`http://127.0.0.1:${port}/http`)).text()
  await show('HTTP')
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`)
  await once(client, 'message')
  client.close()
  await once(client, 'close')
  await show('WebSocket, closed')
  await app.close()
}
process.exit()
JS
timeout 60 node try.mjs > seen

expect seen <<'SEEN'
HTTP: 1 of request, none without their parent
WebSocket, closed: 0 of request, others without their parent
HTTP: 1 of request, none without their parent
WebSocket, closed: 0 of request, none without their parent
SEEN
