import t from 'tap'
import { run, writeFiles } from './snippets.ts'

t.test('a client without an option for headers sends the cookie by the global WebSocket of the page', async (t) => {
  const folder = writeFiles(t, 'docs/clients.md', {
    'main.ts': `
import './socket.js'
import { once } from 'node:events'
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
await once(server, 'listening')
const connected = once(server, 'connection')
const socket = new WebSocket('ws://127.0.0.1:' + (server.address() as { port: number }).port, ['wamp.2.json'])
console.log((await connected)[1].headers.cookie, (await connected)[1].headers['sec-websocket-protocol'])
for (const client of server.clients) client.terminate()
server.close()
`
  })
  t.equal(await run(folder, 'main.ts'), 'cbtid=abc wamp.2.json\n')
})
