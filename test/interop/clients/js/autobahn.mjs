// A client of AutobahnJS. See ../client.ts for what each of these programs does.
import { WebSocket } from 'ws'

const [, , name, url, serializer, method, cookie] = process.argv
const headers = cookie === undefined ? {} : { cookie }
// From version 26 on AutobahnJS takes the global WebSocket, which Node.js has from version 22 on, and which sends no headers.
if (name !== 'autobahn22') {
  globalThis.WebSocket = class extends WebSocket {
    constructor (url, protocols) { super(url, protocols, { headers }) }
  }
}
const { default: autobahn } = await import(name)

const serializers = { json: 'JSONSerializer', msgpack: 'MsgpackSerializer', cbor: 'CBORSerializer' }
const connection = new autobahn.Connection({
  realm: 'realm1',
  authmethods: [method],
  ...(method === 'anonymous' ? {} : { authid: 'joe' }),
  onchallenge: (_session, kind, { challenge }) => kind === 'ticket' ? 'let me in' : autobahn.auth_cra.sign('123456', challenge),
  transports: [{ type: 'websocket', url, headers, serializers: [new autobahn.serializer[serializers[serializer]]()] }]
})
connection.onopen = async (session) => {
  await session.register('com.client.echo', (args, kwargs) => new autobahn.Result(args, kwargs))
  await session.subscribe('com.client.news', (args, kwargs) => { session.publish('com.client.heard', args, kwargs) })
  session.publish('com.client.result', [await session.call('com.app.greet', ['Grüße'])])
}
connection.onclose = (reason, { message }) => { throw new Error(`${reason}: ${message}`) }
connection.open()
