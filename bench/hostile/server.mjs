// The router under attack: default limits, logging at info. The bench gives it commands and reads its figures by IPC.
import { createWriteStream } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import wampPlugin, { scramCredentials, wampBridge } from 'fastify-wamp'
import { unitsSpent } from '../../dist/plugin/work.js'
import { preparations } from './prepare.mjs'

const permissions = [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }]
const role = 'anonymous'
/** Decisions that the authorizer holds back; null while it decides at once. */
let held = null
const logins = new Map()

const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
const sockets = new Set()
const ended = { received: 0, sent: 0 }
app.server.on('connection', (socket) => {
  sockets.add(socket)
  socket.once('close', () => {
    sockets.delete(socket)
    ended.received += socket.bytesRead
    ended.sent += socket.bytesWritten
  })
})
await app.register(wampPlugin, {
  realms: {
    realm1: { roles: { anonymous: { permissions }, other: { permissions } }, eventHistory: [{ uri: 'bench.small' }, { uri: 'bench.large' }] },
    thinking: { roles: { anonymous: { authorizer: () => held === null ? true : new Promise((resolve) => { held.push(resolve) }) } } },
    contract: {
      roles: { anonymous: { permissions } },
      contract: {
        procedures: { 'bench.checked': { args: { type: 'array', items: { type: 'string', maxLength: 8 } }, kwargs: { type: 'object', additionalProperties: { type: 'integer' } } } },
        topics: { 'bench.checked': { args: { type: 'array', items: { type: 'string', maxLength: 8 } } } }
      }
    }
  },
  auth: {
    anonymous: { type: 'static' },
    ticket: { type: 'static', principals: { joe: { ticket: 'secret', role } } },
    wampcra: { type: 'static', users: { joe: { secret: 'secret', role } } },
    'wamp-scram': { type: 'static', principals: { joe: { ...await scramCredentials('secret', { kdf: 'pbkdf2', iterations: 4096 }), role } } },
    cryptosign: { type: 'static', principals: { joe: { authorizedKeys: ['8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c'], role } } },
    cookie: {}
  },
  cookie: { store: { get: (key) => logins.get(key), set: (key, record) => { logins.set(key, record) }, delete: (key) => { logins.delete(key) }, entries: () => logins.entries(), close () {} } },
  // The bench says when decisions come.
  authorizerTimeout: 600_000
})
await app.register(wampBridge, { call: '/call', publish: '/publish', events: '/events', as: { realm: 'realm1', role: 'other' } })
await app.wamp.join('realm1').register('bench.echo', ({ args }) => args[0])
await app.wamp.join('contract').register('bench.checked', () => {})

const delays = monitorEventLoopDelay({ resolution: 10 })
delays.enable()
const total = (of, done) => [...sockets].reduce((sum, socket) => sum + socket[of], done)
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const state = () => ({
  cpu: cpu(), received: total('bytesRead', ended.received), sent: total('bytesWritten', ended.sent), units: unitsSpent(), rss: process.memoryUsage.rss() / 2 ** 20, pause: delays.max / 1e6
})

const commands = {
  ...preparations(app, logins),
  state,
  /** Begins a measurement. The monitor needs a first tick before it can see a pause. */
  async begin () {
    delays.reset()
    await sleep(25)
    return state()
  },
  /** Answers when the process has read so many octets and is idle for 30 ms, or has not read them and is idle for 300 ms. */
  async settled ({ received }) {
    for (let quiet = 0; quiet < (total('bytesRead', ended.received) >= received ? 3 : 30); quiet++) {
      const before = cpu()
      await sleep(10)
      if (cpu() - before > 1) quiet = -1
    }
    return state()
  },
  /** From now on the authorizer waits for `decide`. */
  hold () { held ??= [] },
  decide () {
    const waiting = held ?? []
    held = null
    for (const resolve of waiting) resolve(true)
  }
}
process.on('message', async ({ id, command, given }) => {
  try {
    process.send({ id, answer: await commands[command](given) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => { process.exit() })
await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
