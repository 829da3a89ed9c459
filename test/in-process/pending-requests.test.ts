import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin, { wampBridge } from 'fastify-wamp'
import { HeldValues } from '../../plugin/held-values.ts'
import { InProcessPeer } from '../../plugin/in-process/in-process-peer.ts'
import { InProcessSession } from '../../plugin/in-process/in-process-session.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { everything } from '../helper/build-router.ts'

const principal = { realm: 'realm1', authid: 'app', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' }

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

t.test('a pending request keeps neither its values nor its message in memory', async (t) => {
  const kept: WeakRef<object>[] = []
  const log = { error: () => {}, warn: () => {} }
  const peer = new InProcessPeer({
    send: (message) => { kept.push(new WeakRef(message)) }, ended: () => {}, bufferedBytes: 1000, bufferedEventBytes: 1000, held: new HeldValues(1000, log), read: (payload) => payload.values(), log
  })
  const session = new InProcessSession({ id: 7, principal, peer, propagation: { current: null } })
  const pending: Promise<unknown>[] = []
  const request = (make: (value: object) => Promise<unknown>): void => {
    const value = { a: 1 }
    kept.push(new WeakRef(value))
    pending.push(make(value))
  }
  request((value) => session.call('com.example.p', [value]))
  request((value) => session.call('com.example.p', [], { value }))
  request((value) => session.publish('com.example.t', [value]))
  t.equal(kept.length, 6)
  await settled()
  collect()
  t.same(kept.map((ref) => ref.deref()), kept.map(() => undefined))
  peer.closed('wamp.close.killed')
  for (const one of pending) await t.rejects(one, { code: 'WAMP_ERR_SESSION_CLOSED' })
})

t.test('the bridge keeps no values in memory while a call is pending', async (t) => {
  const app = Fastify()
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } } })
  await app.register(wampBridge, { call: '/call', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  let answer = (): void => {}
  const called = new Promise<void>((resolve) => {
    app.wamp.join('realm1').register('com.example.wait', () => {
      resolve()
      return new Promise<void>((resolve) => { answer = resolve })
    })
  })
  const kept: WeakRef<object>[] = []
  const { call } = InProcessSession.prototype
  t.intercept(InProcessSession.prototype, 'call', {
    value: function (this: InProcessSession, ...given: Parameters<typeof call>): Promise<unknown> {
      kept.push(new WeakRef(given[1]![0] as object), new WeakRef(given[2]!['b'] as object), new WeakRef(given[3]!['x_c'] as object))
      return call.apply(this, given)
    }
  })
  const response = app.inject({ method: 'POST', url: '/call', payload: { procedure: 'com.example.wait', args: [{ a: 1 }], kwargs: { b: {} }, options: { x_c: {} } } })
  response.then(() => {})
  await called
  await settled()
  collect()
  t.same(kept.map((ref) => ref.deref()), [undefined, undefined, undefined])
  answer()
  t.same((await response).json(), { args: [] })
})

t.test('the bridge keeps no values in memory while an authorizer decides', async (t) => {
  const app = Fastify()
  let decide = (): void => {}
  let asked = (): void => {}
  const authorizer = async (): Promise<boolean> => {
    asked()
    return await new Promise((resolve) => { decide = () => { resolve(true) } })
  }
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { authorizer } } } } })
  await app.register(wampBridge, { call: '/call', publish: '/publish', as: { realm: 'realm1', role: 'anonymous' } })
  t.teardown(() => app.close())
  const backend = app.wamp.join('realm1')
  await backend.register('com.example.echo', ({ args }) => args[0])
  const received: unknown[] = []
  await backend.subscribe('com.example.t', ({ args, kwargs }) => { received.push(args, kwargs) })
  for (const [url, uri] of [['/call', { procedure: 'com.example.echo' }], ['/publish', { topic: 'com.example.t' }]] as const) {
    const kept: WeakRef<object>[] = []
    const { of } = Payload
    const restore = t.intercept(Payload, 'of', {
      value: (...[args, kwargs, codec]: Parameters<typeof of>) => {
        if (args?.[0] !== undefined) kept.push(new WeakRef(args[0] as object), new WeakRef(kwargs!['b'] as object))
        return of.call(Payload, args, kwargs, codec)
      }
    }).restore
    const waiting = new Promise<void>((resolve) => { asked = resolve })
    const response = app.inject({ method: 'POST', url, payload: { ...uri, args: [{ a: 1 }], kwargs: { b: { c: 2 } } } })
    response.then(() => {})
    await waiting
    await settled()
    collect()
    t.same(kept.map((ref) => ref.deref()), [undefined, undefined], url)
    restore()
    decide()
    t.equal((await response).statusCode, 200)
    if (url === '/call') t.same((await response).json(), { args: [{ a: 1 }] })
  }
  await settled()
  t.same(received, [[{ a: 1 }], { b: { c: 2 } }])
})
