// The router under attack: default limits, logging at info. It runs in a process of its own for the bench, and in that of a test.
import { randomInt } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import Fastify from 'fastify'
import wampPlugin, { scramCredentials, wampBridge } from 'fastify-wamp'
import { countOctets } from './figures.mjs'
import { preparations } from './prepare.mjs'

const permissions = [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }]
const role = 'anonymous'

/** Starts it. `commands` are what attacks can ask of it. */
export async function startApp () {
  /** Decisions that the authorizer holds back; null while it decides at once. */
  let held = null
  const logins = new Map()

  const app = Fastify({ logger: { level: 'info', stream: createWriteStream('/dev/null') } })
  const { received, sent } = countOctets(app.server)
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
    // Whoever attacks says when decisions come.
    authorizerTimeout: 600_000,
    shutdownTimeout: 1
  })
  await app.register(wampBridge, { call: '/call', publish: '/publish', events: '/events', as: { realm: 'realm1', role: 'other' } })
  await app.wamp.join('realm1').register('bench.echo', ({ args }) => args[0])
  // The same lists as answers of the meta API.
  const ids = Array.from({ length: 1000 }, () => randomInt(2 ** 47))
  const listed = Array.from({ length: 200 }, (_, i) => ({ cookie: i.toString(16).padStart(64, '0'), authid: `user${i}`, authrole: role, authmethod: 'ticket', created: new Date(i).toISOString(), last_seen: new Date(i).toISOString(), user_agent: 'x'.repeat(100), address: '192.0.2.1', connected: 0 }))
  await app.wamp.join('realm1').register('bench.ids', () => ids)
  await app.wamp.join('realm1').register('bench.logins', () => listed)
  await app.wamp.join('contract').register('bench.checked', () => {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    app,
    port: app.server.address().port,
    /** Octets that have come, and that have left. */
    received,
    sent,
    commands: {
      ...preparations(app, logins),
      /** From now on the authorizer waits for `decide`. */
      hold () { held ??= [] },
      decide () {
        const waiting = held ?? []
        held = null
        for (const resolve of waiting) resolve(true)
      }
    }
  }
}
