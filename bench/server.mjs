#!/usr/bin/env node
// This router as its users run it: static permissions, every feature on, logging at info. Usage: node server.mjs [PORT]
import { createWriteStream } from 'node:fs'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'

const allow = { call: true, register: true, publish: true, subscribe: true }
const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
await app.register(wampPlugin, {
  realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'bench.', match: 'prefix', allow }] } } } }
})
await app.listen({ port: Number(process.argv[2] ?? 8080), host: '127.0.0.1' })
