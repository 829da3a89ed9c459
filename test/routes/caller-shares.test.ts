import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import Fastify from 'fastify'
import t from 'tap'
import wampPlugin from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { CallerShares } from '../../routes/caller-shares.ts'

t.test('a connection that has many calls leaves capacity for other connections', async (t) => {
  const shares = new CallerShares(8)
  const [session, busy, other] = [{}, {}, {}]
  const begun: (() => void)[] = []
  for (let ended = shares.begin(session, busy); ended !== null; ended = shares.begin(session, busy)) begun.push(ended)
  t.equal(begun.length, 5)
  t.type(shares.begin({}, busy), 'function', 'another session')
  const ends = shares.begin(session, other)
  t.type(ends, 'function')
  begun.pop()!()
  ends!()
  t.type(shares.begin(session, busy), 'function')
  for (const ended of begun) ended()
  t.type(shares.begin(session, busy), 'function')
})

t.test('hanging calls of a route with `as` on one connection do not use up the calls of the session', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { pendingCalls: 8 } })
  const backend = app.wamp.join('realm1')
  let called = (): void => {}
  await backend.register('com.example.hang', async ({ signal }) => {
    called()
    await once(signal, 'abort')
  })
  await backend.register('com.example.answer', () => 'here')
  const as = app.wamp.join('realm1', { role: 'anonymous' })
  app.wampRoute({ method: 'GET', url: '/hang', procedure: 'com.example.hang', as })
  app.wampRoute({ method: 'GET', url: '/answer', procedure: 'com.example.answer', as })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    await once(socket, 'connect')
    return socket
  }
  let calls = 0
  const hanging = new Promise<void>((resolve) => { called = () => { if (++calls === 5) resolve() } })
  const busy = await open()
  busy.write('GET /hang HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20))
  await hanging
  const [busySecond, other] = [await fetch(`http://127.0.0.1:${port}/answer`), await fetch(`http://127.0.0.1:${port}/answer`)]
  t.same([busySecond.status, other.status], [200, 200])
  t.equal(calls, 5)
})
