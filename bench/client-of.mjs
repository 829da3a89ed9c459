// One client library under load, as bench/clients.mjs runs it: prints the CPU time of this process per call and per event, as JSON.
// Usage: node client-of.mjs LIBRARY WEBSOCKET URL FOLDER SECONDS, where LIBRARY is a key of `libraries`, WEBSOCKET is `global`
// or `ws`, and FOLDER has the packages.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [library, kind, url, folder, seconds] = process.argv.slice(2)
const require = createRequire(pathToFileURL(`${folder}/`))
const { WebSocket } = require('ws')
// autobahn 26 takes the global one, whichever it is.
if (kind === 'ws') globalThis.WebSocket = WebSocket
const realm = 'realm1'

/** Each library as the same two functions: `call` resolves to the result, and `subscribe` hands each event's first argument on. */
const libraries = {
  'fastify-wamp': async (batched) => {
    const { batchedJson, connect, json } = await import('fastify-wamp/client')
    const session = await connect(url, { realm, serializers: [batched ? batchedJson() : json()], ...(kind === 'ws' && { WebSocket }) })
    return {
      call: (procedure, argument) => session.call(procedure, [argument]),
      subscribe: (topic, handler) => session.subscribe(topic, ({ args: [value] }) => { handler(value) })
    }
  },
  'fastify-wamp, batched': async () => await libraries['fastify-wamp'](true),
  autobahn: async () => {
    const { default: autobahn } = await import(pathToFileURL(require.resolve('autobahn')).href)
    const session = await new Promise((resolve, reject) => {
      const connection = new autobahn.Connection({ url, realm, max_retries: 0 })
      connection.onopen = resolve
      connection.onclose = reject
      connection.open()
    })
    return {
      call: (procedure, argument) => session.call(procedure, [argument]),
      subscribe: (topic, handler) => session.subscribe(topic, ([value]) => { handler(value) })
    }
  },
  wampy: async () => {
    const { Wampy } = await import(pathToFileURL(require.resolve('wampy')).href)
    const wampy = new Wampy(url, { realm, ws: kind === 'ws' ? WebSocket : globalThis.WebSocket })
    await wampy.connect()
    return {
      call: async (procedure, argument) => (await wampy.call(procedure, { argsList: [argument] })).argsList[0],
      subscribe: (topic, handler) => wampy.subscribe(topic, ({ argsList: [value] }) => { handler(value) })
    }
  }
}

const AT_A_TIME = 64
const BURST = 1000
const payload = 'x'.repeat(32)
const { call, subscribe } = await libraries[library]()

async function manyCalls () {
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let i = 0; i < BURST / AT_A_TIME; i++) if (await call('bench.same', payload) !== payload) throw new Error('a wrong result')
  }))
  return Math.ceil(BURST / AT_A_TIME) * AT_A_TIME
}

let missing = 0
let all
await subscribe('bench.topic', (value) => {
  if (value !== payload) throw new Error('a wrong event')
  if (--missing === 0) all()
})
async function manyEvents () {
  missing = BURST
  const received = new Promise((resolve) => { all = resolve })
  await call('bench.burst', BURST)
  await received
  return BURST
}

/** Repeats some work for a time: µs of CPU for each unit, and units per second. */
async function measure (work, milliseconds) {
  const begun = performance.now()
  const before = process.cpuUsage()
  let units = 0
  while (performance.now() - begun < milliseconds) units += await work()
  const { user, system } = process.cpuUsage(before)
  return { us: (user + system) / units, perSecond: units / (performance.now() - begun) * 1000 }
}

const result = {}
for (const [name, work] of [['call', manyCalls], ['event', manyEvents]]) {
  await measure(work, 1000)
  result[name] = await measure(work, seconds * 1000)
}
process.stdout.write(JSON.stringify(result))
process.exit()
