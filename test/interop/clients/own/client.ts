// The client fastify-wamp/client. See ../client.ts for what each of these programs does.
import { WebSocket } from 'ws'
import { CallResult, connect, ticket, wampcra } from 'fastify-wamp/client'
import type { Login } from 'fastify-wamp/client'
import { clientSerializers } from '../../client-peer.ts'
import type { Serializer } from '../../peer.ts'

const [, , url = '', serializer, method, cookie] = process.argv
const logins: Readonly<Record<string, Login>> = { ticket: ticket({ authid: 'joe', ticket: 'let me in' }), wampcra: wampcra({ authid: 'joe', secret: '123456' }) }
const login = logins[method ?? '']

const session = await connect(url, {
  realm: 'realm1',
  WebSocket,
  serializers: [clientSerializers[serializer as Serializer]()],
  retry: false,
  onError: (error) => { throw error },
  ...(login === undefined ? {} : { login }),
  ...(cookie === undefined ? {} : { headers: { cookie } })
})
await session.register('com.client.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
await session.subscribe('com.client.news', ({ args, kwargs }) => session.publish('com.client.heard', args, kwargs))
await session.publish('com.client.result', [await session.call('com.app.greet', ['Grüße'])])
