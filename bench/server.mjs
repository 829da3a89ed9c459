#!/usr/bin/env node
// This router as its users run it: static permissions, every feature on, logging at info. Usage: node server.mjs [PORT] [crowd | login | watch | raw | longpoll]
// With `login` clients may log in by every method, as joe with the password or ticket `secret`.
// With `raw` it listens for RawSocket clients at the port, and for no others. With `longpoll` it serves long-poll clients as well.
// With `watch` the procedure bench.delay tells the longest pause of the event loop since it was last asked, in ms, and
// bench.state tells of memory and handles; the meta API
// may be called; bench.inside calls bench.echo and publishes to bench.topic so many times, and tells the CPU time of each in µs.
// With `crowd` the app itself holds 100 000 subscriptions, 10 000 of patterns, and 10 000 registrations, which nobody hits.
import { openSync, writeSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import Fastify from 'fastify'
import wampPlugin, { scramCredentials, wampLongPoll, wampRawSocket } from 'fastify-wamp'

const allow = { call: true, register: true, publish: true, subscribe: true }
// Not a stream of node:fs: each of its writes wakes a thread, which cost a quarter of a connection and depends on the app's destination alone.
const log = openSync('/dev/null', 'w')
const app = Fastify({ logger: { level: 'info', stream: { write: (line) => { writeSync(log, line) } } } })
await app.register(wampPlugin, {
  realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'bench.', match: 'prefix', allow }, ...(process.argv[3] === 'watch' ? [{ uri: 'wamp.', match: 'prefix', allow: { call: true } }] : [])] } } } },
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
if (process.argv[3] === 'watch') {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  await app.wamp.join('realm1').register('bench.delay', () => {
    const longest = delays.max / 1e6
    delays.reset()
    return Math.round(longest)
  })
  await app.wamp.join('realm1').register('bench.state', () => {
    globalThis.gc?.()
    const { heapUsed, rss } = process.memoryUsage()
    return { heap: Math.round(heapUsed / 2 ** 20 * 10) / 10, rss: Math.round(rss / 2 ** 20), handles: process.getActiveResourcesInfo().length }
  })
}
if (process.argv[3] === 'watch') {
  const session = app.wamp.join('realm1')
  const cpu = async (count, work) => {
    const before = process.cpuUsage()
    await Promise.all(Array.from({ length: 64 }, async () => { for (let i = 0; i < count / 64; i++) await work() }))
    const { user, system } = process.cpuUsage(before)
    return Math.round((user + system) / count * 100) / 100
  }
  await session.register('bench.inside', async ({ args: [count] }) => ({
    call: await cpu(count, () => session.call('bench.echo', ['x'.repeat(32)])),
    publish: await cpu(count, () => session.publish('bench.topic', ['x'.repeat(32)]))
  }))
}
const port = Number(process.argv[2] ?? 8080)
if (process.argv[3] === 'raw') await app.register(wampRawSocket, { port })
if (process.argv[3] === 'longpoll') await app.register(wampLongPoll)
await app.listen({ port: process.argv[3] === 'raw' ? 0 : port, host: '127.0.0.1' })

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
