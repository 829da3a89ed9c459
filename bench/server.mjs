#!/usr/bin/env node
// This router as its users run it: static permissions, every feature on, logging at info. Usage: node server.mjs [PORT] [crowd]
// With `crowd` the app itself holds 100 000 subscriptions, 10 000 of patterns, and 10 000 registrations, which nobody hits.
import { createWriteStream } from 'node:fs'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'

const allow = { call: true, register: true, publish: true, subscribe: true }
const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
await app.register(wampPlugin, {
  realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'bench.', match: 'prefix', allow }] } } } }
})
if (process.argv[3] === 'crowd') {
  const session = app.wamp.join('realm1')
  for (let i = 0; i < 90_000; i++) await session.subscribe(`bench.t${i}`, () => {})
  for (let i = 0; i < 5_000; i++) {
    await session.subscribe(`bench.p${i}.`, () => {}, { match: 'prefix' })
    await session.subscribe(`bench..w${i}`, () => {}, { match: 'wildcard' })
    await session.register(`bench.q${i}.`, () => {}, { match: 'prefix' })
    await session.register(`bench..v${i}`, () => {}, { match: 'wildcard' })
  }
}
await app.listen({ port: Number(process.argv[2] ?? 8080), host: '127.0.0.1' })
