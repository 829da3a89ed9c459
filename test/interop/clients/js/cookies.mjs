// Connects twice with a library, named first, to a URL. What it is for, ../cookies.ts says.
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { WebSocket as Ws } from 'ws'

const [, , name, url, cookie] = process.argv
const headers = cookie === undefined ? {} : { cookie }
for (let i = 0; i < 2; i++) {
  if (name === 'ws') {
    await once(new Ws(url, { headers }), 'open')
  } else if (name === 'websocket') {
    const { w3cwebsocket: W3cWebSocket } = createRequire(import.meta.url)('websocket')
    const socket = new W3cWebSocket(url, [], undefined, headers)
    await new Promise((resolve) => { socket.onopen = resolve })
  } else {
    const socket = new WebSocket(url, { headers })
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject })
  }
}
process.exit()
