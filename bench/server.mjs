#!/usr/bin/env node
// This router as its users run it: static permissions, every feature on, logging at info. Usage: node server.mjs [PORT] [crowd | login]
// With `login` clients may log in by every method, as joe with the password or ticket `secret`.
// With `crowd` the app itself holds 100 000 subscriptions, 10 000 of patterns, and 10 000 registrations, which nobody hits.
import { createWriteStream } from 'node:fs'
import Fastify from 'fastify'
import wampPlugin, { scramCredentials } from 'fastify-wamp'

const allow = { call: true, register: true, publish: true, subscribe: true }
const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
await app.register(wampPlugin, {
  realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'bench.', match: 'prefix', allow }] } } } },
  ...(process.argv[3] === 'login' ? await logins() : {})
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

async function logins () {
  const role = 'anonymous'
  return {
    cookie: {},
    auth: {
      anonymous: { type: 'static' },
      ticket: { type: 'static', principals: { joe: { ticket: 'secret', role } } },
      wampcra: { type: 'static', users: { joe: { secret: 'secret', role } } },
      'wamp-scram': { type: 'static', principals: { joe: { ...await scramCredentials('secret', { kdf: 'pbkdf2', iterations: 4096 }), role } } },
      cryptosign: { type: 'static', principals: { joe: { authorizedKeys: ['8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'], role } } },
      cookie: {}
    }
  }
}
