import t from 'tap'
import { jsonCodec } from '../../plugin/codec/json-codec.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { Call, Cancel } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import type { RoutedSession } from '../../plugin/routing/routed-session.ts'
import { RouterCalls } from '../../plugin/realm/router-calls.ts'

const identity = { id: 1, principal: { realm: 'realm1', authid: 'router', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' } }

t.test('each client has one caller while it has calls', async (t) => {
  const said: [RoutedSession, Call | Cancel][] = []
  const released: RoutedSession[] = []
  const calls = new RouterCalls({ identity, say: (caller, message) => { said.push([caller, message]) }, released: (caller) => { released.push(caller) } })
  const controller = new AbortController()
  const [first, second, other] = [calls.call('a', [], { client: 7 }), calls.call('a', [], { client: 7, signal: controller.signal }), calls.call('a', [], { client: '7' })]
  const [[one, { request }], [same], [another]] = said as [[RoutedSession, Call], [RoutedSession, Call], [RoutedSession, Call]]
  t.equal(one, same)
  t.not(one, another, 'a session is not an address')
  t.match([one, another], [identity, identity])

  one.send({ type: MessageType.Result, request, details: {}, payload: Payload.of([5]) })
  t.same(await first, { args: [5], kwargs: {} })
  t.same(released, [], 'one is pending')
  controller.abort(new Error('enough'))
  await t.rejects(second, { message: 'enough' })
  t.match(said.at(-1), [one, { type: MessageType.Cancel, options: { mode: 'killnowait' } }])
  t.same(released, [one])
  await t.rejects(calls.call('a', [], { client: 7, signal: controller.signal }), { message: 'enough' })

  another.send({ type: MessageType.Error, requestType: MessageType.Call, request: said[2]![1].request, details: {}, error: 'com.example.no', payload: Payload.empty })
  await t.rejects(other, { message: 'com.example.no' })
  t.same(released, [one, another])
  calls.call('a', [], { client: 7 }).catch(() => {})
  t.not(said.at(-1)![0], one)
})

t.test('a call that cannot be routed rejects, and leaves nothing behind', async (t) => {
  const released: RoutedSession[] = []
  const calls = new RouterCalls({ identity, say: () => { throw new Error('broken') }, released: (caller) => { released.push(caller) } })
  await t.rejects(calls.call('a', [], { client: 7 }), { message: 'broken' })
  t.equal(released.length, 1)
})

t.test('a caller of the router accepts any answer that it can decode, always keeps up, and is never ended', async (t) => {
  const said: [RoutedSession, Call | Cancel][] = []
  const calls = new RouterCalls({ identity, say: (caller, message) => { said.push([caller, message]) }, released: () => {} })
  const call = calls.call('a', [], { client: 7 })
  const [[caller, { request }]] = said as [[RoutedSession, Call]]
  const long = Payload.ofBytes(jsonCodec, { elements: 1, bytes: Buffer.from(`[${'1'.repeat(1300)}]`) })
  t.notOk(caller.takes(long))
  t.equal(caller.send({ type: MessageType.Result, request, details: {}, payload: long }), 'unencodable')
  t.equal(caller.send({ type: MessageType.Goodbye, details: {}, reason: 'wamp.close.normal' }), 'sent')
  t.notOk(caller.isLosing)
  t.equal(caller.caughtUp(1000), null)
  caller.end('wamp.close.normal')
  t.equal(caller.send({ type: MessageType.Result, request, details: {}, payload: Payload.of([1]) }), 'sent')
  t.same(await call, { args: [1], kwargs: {} })
})
