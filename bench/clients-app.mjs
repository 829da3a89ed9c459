// The app that bench/clients.mjs loads: it answers calls, publishes bursts of events, and serves a page for each client library.
// Usage: node clients-app.mjs PORT FOLDER, where FOLDER has the packages. It prints a line when it listens.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import wampPlugin from 'fastify-wamp'

const [port, folder] = process.argv.slice(2)
const allow = { call: true, register: true, publish: true, subscribe: true }
const app = Fastify()
await app.register(wampPlugin, {
  client: '/wamp-client.js',
  realms: { realm1: { roles: { anonymous: { permissions: [{ uri: 'bench.', match: 'prefix', allow }] } } } }
})
const session = app.wamp.join('realm1')
await session.register('bench.same', ({ args: [value] }) => value)
await session.register('bench.burst', ({ args: [count] }) => {
  for (let i = 0; i < count; i++) session.publish('bench.topic', ['x'.repeat(32)], {}, { acknowledge: false })
  return count
})

const scripts = { '/autobahn.js': 'autobahn-browser/autobahn.min.js', '/wampy.js': 'wampy/dist/browser/wampy.min.js' }
for (const [url, file] of Object.entries(scripts)) {
  const script = await readFile(join(folder, 'node_modules', file))
  app.get(url, (_request, reply) => reply.type('text/javascript').send(script))
}

/** Each page calls as soon as it can, and keeps the milliseconds since it was opened. */
const pages = {
  'fastify-wamp': `<script type="module">
    import { connect } from '/wamp-client.js'
    const session = await connect('/ws', { realm: 'realm1' })
    await session.call('bench.same', [1])
    window.firstCall = performance.now()
  </script>`,
  autobahn: `<script src="/autobahn.js"></script><script>
    const connection = new autobahn.Connection({ url: 'ws://' + location.host + '/ws', realm: 'realm1' })
    connection.onopen = (session) => { session.call('bench.same', [1]).then(() => { window.firstCall = performance.now() }) }
    connection.open()
  </script>`,
  wampy: `<script src="/wampy.js"></script><script>
    const wampy = new Wampy('ws://' + location.host + '/ws', { realm: 'realm1' })
    wampy.connect().then(() => wampy.call('bench.same', { argsList: [1] })).then(() => { window.firstCall = performance.now() })
  </script>`
}
for (const [name, body] of Object.entries(pages)) {
  app.get(`/${name}.html`, (_request, reply) => reply.type('text/html').send(`<!doctype html><link rel="icon" href="data:,">${body}`))
}
await app.listen({ port: Number(port), host: '127.0.0.1' })
process.stdout.write('listening\n')
