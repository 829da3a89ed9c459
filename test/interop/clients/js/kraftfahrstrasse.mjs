// A client of kraftfahrstrasse. See ../client.ts for what each of these programs does.
import { createRequire } from 'node:module'
const { AnonymousAuthProvider, Connection, CookieAuthProvider, JSONSerializer, NodeMSGPackSerializer, NodeWebSocketTransport, TicketAuthProvider } = createRequire(import.meta.url)('@verkehrsministerium/kraftfahrstrasse')

const [, , endpoint, serializer, method, cookie] = process.argv
const providers = {
  anonymous: () => new AnonymousAuthProvider(),
  cookie: () => new CookieAuthProvider(),
  ticket: () => new TicketAuthProvider('joe', async () => ({ signature: 'let me in' }))
}
const session = new Connection({
  endpoint,
  realm: 'realm1',
  serializer: serializer === 'json' ? new JSONSerializer() : new NodeMSGPackSerializer(),
  transport: NodeWebSocketTransport,
  transportOptions: cookie === undefined ? {} : { headers: { cookie } },
  authProvider: providers[method](),
  logFunction: () => {}
})
await session.Open()
await session.Register('com.client.echo', async (args, kwArgs) => ({ args, kwArgs }))
await session.Subscribe('com.client.news', (args, kwargs) => { session.Publish('com.client.heard', args, kwargs) })
const { args } = await session.Call('com.app.greet', ['Grüße'])[0]
await session.Publish('com.client.result', args)
