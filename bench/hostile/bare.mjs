// A bare app in a process of its own: Fastify with @fastify/websocket, and nothing else. What a connection or a request costs there is Node.js's and
// Fastify's own cost.
import { createWriteStream } from 'node:fs'
import fastifyWebsocket from '@fastify/websocket'
import Fastify from 'fastify'
import { countOctets, serve } from './figures.mjs'

const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
const { received, sent } = countOctets(app.server)
await app.register(fastifyWebsocket)
app.get('/ws', { websocket: true }, (socket) => { socket.on('message', () => {}) })
await app.listen({ port: 0, host: '127.0.0.1' })
serve({ port: app.server.address().port, received, sent, units: () => 0, commands: {} })
