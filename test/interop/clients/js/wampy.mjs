// A client of wampy. See ../client.ts for what each of these programs does.
import { createRequire } from 'node:module'
import { Wampy } from 'wampy'
import { CborSerializer } from 'wampy/CborSerializer.js'
import { JsonSerializer } from 'wampy/JsonSerializer.js'
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js'
const { w3cwebsocket } = createRequire(import.meta.url)('websocket')

const [, , url, serializer, method, cookie] = process.argv
const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer, cbor: CborSerializer }
const session = new Wampy(url, {
  ws: w3cwebsocket,
  realm: 'realm1',
  serializer: new serializers[serializer](),
  additionalHeaders: cookie === undefined ? {} : { cookie },
  ...(method === 'anonymous' ? {} : { authid: 'joe', authmethods: [method], onChallenge: () => 'let me in' })
})
await session.connect()
await session.register('com.client.echo', ({ argsList, argsDict }) => ({ argsList, argsDict }))
await session.subscribe('com.client.news', ({ argsList, argsDict }) => { session.publish('com.client.heard', { argsList, argsDict }) })
const { argsList } = await session.call('com.app.greet', ['Grüße'])
await session.publish('com.client.result', argsList)
