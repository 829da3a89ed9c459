import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { WampError } from '../../plugin/errors.ts'
import { HeldValues } from '../../plugin/held-values.ts'
import { InProcessPeer } from '../../plugin/in-process/in-process-peer.ts'
import { CallResult } from '../../plugin/peer/call-result.ts'
import { InProcessSession } from '../../plugin/in-process/in-process-session.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { ClientMessage, RouterMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'
import { valuesOf } from '../helper/build-router.ts'

const principal = { realm: 'realm1', authid: 'app', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' }

function build () {
  const sent: ClientMessage[] = []
  const logged: string[] = []
  const ended: number[] = []
  const log = { error: (_: object, text: string) => { logged.push(text) }, warn: (_: object, text: string) => { logged.push(text) } }
  const held = new HeldValues(2 ** 20, log)
  const peer = new InProcessPeer({
    send: (message) => { sent.push(message) }, ended: () => { ended.push(1) }, bufferedBytes: 10_000_000, bufferedEventBytes: 1000, held, read: (payload) => payload.values(), log
  })
  const session = new InProcessSession({ id: 7, principal, peer, propagation: { current: null } })
  const receive = (message: RouterMessage): void => { peer.receive(message, valuesOf(message)) }
  const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })
  return { session, sent, logged, ended, held, peer, receive, settled }
}

t.test('requests are numbered in one sequence from 1 [IDS-09]', async (t) => {
  const { session, sent } = build()
  const waiting = [session.call('a'), session.publish('b'), session.subscribe('c', () => {}), session.register('d', () => {})]
  t.same(sent.map((message) => 'request' in message && message.request), [1, 2, 3, 4])
  for (const promise of waiting) promise.catch(() => {})
})

t.test('a call resolves to its one value, or to a CallResult', async (t) => {
  const { session, receive } = build()
  const calls = [session.call('a'), session.call('a'), session.call('a'), session.call('a')]
  const payloads = [Payload.of([5]), Payload.of([1, 2]), Payload.of([1], { k: 2 }), Payload.empty]
  payloads.forEach((payload, i) => { receive({ type: MessageType.Result, request: i + 1, details: {}, payload }) })
  t.same(await Promise.all(calls), [5, new CallResult([1, 2]), new CallResult([1], { k: 2 }), undefined])
})

t.test('an ERROR rejects with a WampError that carries URI, args and kwargs', async (t) => {
  const { session, receive } = build()
  const call = session.call('a')
  receive({ type: MessageType.Error, requestType: 48, request: 1, details: {}, error: 'com.example.error', payload: Payload.of(['no'], { why: 1 }) })
  await t.rejects(call, { name: 'WampError', error: 'com.example.error', args: ['no'], kwargs: { why: 1 }, message: 'com.example.error: no' })
})

t.test('changes of the app after a call do not affect the sent values', async (t) => {
  const { session, sent } = build()
  const args = [{ n: 1 }]
  session.call('a', args).catch(() => {})
  args[0]!.n = 2
  t.same((sent[0] as { payload: Payload }).payload.values().args, [{ n: 1 }])
})

t.test('values that are not data are refused before they are sent', async (t) => {
  const { session, sent } = build()
  await t.rejects(session.call('a', [() => {}]))
  await t.rejects(session.publish('a', [Symbol('x')]))
  t.same(sent, [])
})

t.test('a message for which a remote client would be aborted is refused by the name of the field', async (t) => {
  const { session, sent } = build()
  const wrong = <T>(options: object): T => options as T
  await t.rejects(session.subscribe('a', () => {}, wrong({ match: 'regex' })), { code: 'WAMP_ERR_INVALID_MESSAGE', message: /SUBSCRIBE\.options\.match must be one of/ })
  await t.rejects(session.call('a', [], {}, wrong({ timeout: -1 })), { message: /CALL\.options\.timeout/ })
  await t.rejects(session.publish(5 as unknown as string), { message: /PUBLISH\.topic/ })
  t.same(sent, [])
})

t.test('a procedure answers by its value, a CallResult, or nothing', async (t) => {
  const { session, sent, receive, settled } = build()
  const answers = [5, new CallResult([1, 2], { k: 3 }), undefined]
  const registered = session.register('p', async ({ args: [i] }) => answers[i as number])
  receive({ type: MessageType.Registered, request: 1, registration: 9 })
  t.match(await registered, { id: 9, procedure: 'p' })
  answers.forEach((_, i) => { receive({ type: MessageType.Invocation, request: i + 1, registration: 9, details: {}, payload: Payload.of([i]) }) })
  await settled()
  t.same(sent.slice(1).map((message) => message.type === MessageType.Yield && message.payload.values()),
    [{ args: [5], kwargs: {} }, { args: [1, 2], kwargs: { k: 3 } }, { args: [], kwargs: {} }])
})

t.test('a procedure\'s WampError reaches the caller, any other error only the log', async (t) => {
  const { session, sent, logged, receive, settled } = build()
  const errors = [new WampError('com.example.bad', { args: ['x'], kwargs: { y: 1 } }), new Error('a secret'), new WampError('com.example.bad', { args: [() => {}] })]
  const registered = session.register('p', ({ args: [i] }) => {
    const error: Error = errors[i as number]!
    throw error
  })
  receive({ type: MessageType.Registered, request: 1, registration: 9 })
  await registered
  errors.forEach((_, i) => { receive({ type: MessageType.Invocation, request: i + 1, registration: 9, details: {}, payload: Payload.of([i]) }) })
  await settled()
  t.same(sent.slice(1).map((message) => message.type === MessageType.Error && [message.request, message.error, message.payload.values()]), [
    [1, 'com.example.bad', { args: ['x'], kwargs: { y: 1 } }],
    [2, 'wamp.error.runtime_error', { args: ['the procedure failed'], kwargs: {} }],
    [3, 'wamp.error.runtime_error', { args: ['the procedure failed'], kwargs: {} }]
  ])
  t.same(logged, ['a procedure failed', 'the values of an error cannot be serialized', 'a procedure failed'])
})

t.test('an invocation of an unknown registration is answered with an ERROR', async (t) => {
  const { sent, receive } = build()
  receive({ type: MessageType.Invocation, request: 1, registration: 9, details: {}, payload: Payload.empty })
  t.match(sent, [{ type: MessageType.Error, request: 1, error: 'wamp.error.no_such_registration' }])
})

t.test('events that come right after SUBSCRIBED are handled, each handler on its own values', async (t) => {
  const { session, logged, receive, settled } = build()
  const seen: unknown[] = []
  const first = session.subscribe('t', ({ args, publication }) => { seen.push([publication, (args[0] as { n: number }).n++]) })
  const second = session.subscribe('t', ({ args }) => { seen.push((args[0] as { n: number }).n) })
  const third = session.subscribe('t', () => { throw new Error('mine') })
  for (const request of [1, 2, 3]) receive({ type: MessageType.Subscribed, request, subscription: 4 })
  receive({ type: MessageType.Event, subscription: 4, publication: 8, details: {}, payload: Payload.of([{ n: 1 }]) })
  t.same(seen, [[8, 1], 1])
  await settled()
  t.same(logged, ['an event handler failed'])
  await Promise.all([first, second, third])
})

t.test('a subscription ends with its last handler', async (t) => {
  const { session, sent, receive } = build()
  const waiting = [session.subscribe('t', () => {}), session.subscribe('t', () => {})]
  for (const request of [1, 2]) receive({ type: MessageType.Subscribed, request, subscription: 4 })
  const [first, second] = await Promise.all(waiting)
  await first!.unsubscribe()
  t.equal(sent.length, 2)
  const last = second!.unsubscribe()
  t.match(sent[2], { type: MessageType.Unsubscribe, request: 3, subscription: 4 })
  receive({ type: MessageType.Unsubscribed, request: 3 })
  await last
  await second!.unsubscribe()
  t.equal(sent.length, 3, 'a second unsubscribe has nothing to do')
})

t.test('leaving sends GOODBYE, and pending requests are rejected', async (t) => {
  const { session, sent, ended, receive } = build()
  const call = session.call('a')
  const left = session.leave()
  t.match(sent[1], { type: MessageType.Goodbye, reason: 'wamp.close.close_realm' })
  await t.rejects(session.call('b'), { code: 'WAMP_ERR_SESSION_CLOSED' })
  const leftAgain = session.leave()
  receive({ type: MessageType.Goodbye, details: {}, reason: 'wamp.close.goodbye_and_out' })
  await t.rejects(call, { code: 'WAMP_ERR_SESSION_CLOSED', message: 'The session is closed: wamp.close.close_realm' })
  await Promise.all([left, leftAgain, session.leave()])
  t.equal(sent.length, 2)
  t.same(ended, [1], 'the link is told once')
})

t.test('a GOODBYE of the router is answered, and its reason is kept', async (t) => {
  const { session, sent, receive } = build()
  receive({ type: MessageType.Goodbye, details: {}, reason: 'wamp.close.killed' })
  t.match(sent, [{ type: MessageType.Goodbye, reason: 'wamp.close.goodbye_and_out' }])
  await t.rejects(session.publish('a'), { message: 'The session is closed: wamp.close.killed' })
})

t.test('an answer after the session is closed is not sent', async (t) => {
  const { session, sent, receive, settled } = build()
  let finish = (_: unknown): void => {}
  const registered = session.register('p', () => new Promise((resolve) => { finish = resolve }))
  receive({ type: MessageType.Registered, request: 1, registration: 9 })
  await registered
  receive({ type: MessageType.Invocation, request: 1, registration: 9, details: {}, payload: Payload.empty })
  receive({ type: MessageType.Abort, details: {}, reason: 'wamp.error.protocol_violation', payload: Payload.empty })
  finish(5)
  await settled()
  t.equal(sent.length, 1)
})

t.test('an interrupted invocation is forgotten, unless the caller waits for its answer, and the router learns when it has ended', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { session, sent, receive, settled } = build()
  const signals = new Map<unknown, WeakRef<AbortSignal>>()
  const finish = new Map<unknown, () => void>()
  // It ignores its signal.
  const registered = session.register('p', ({ args: [name], signal }) => {
    signals.set(name, new WeakRef(signal))
    if (name === 'never') return new Promise(() => {})
    return new Promise((resolve) => { finish.set(name, () => { resolve(name) }) })
  })
  receive({ type: MessageType.Registered, request: 1, registration: 9 })
  await registered
  const invoke = (request: number, name: string, mode: string): void => {
    receive({ type: MessageType.Invocation, request, registration: 9, details: {}, payload: Payload.of([name]) })
    receive({ type: MessageType.Interrupt, request, options: { mode } })
  }
  invoke(1, 'never', 'killnowait')
  invoke(2, 'late', 'killnowait')
  invoke(3, 'awaited', 'kill')
  invoke(4, 'given up', 'kill')
  receive({ type: MessageType.Interrupt, request: 4, options: { mode: 'killnowait' } })
  t.ok(['late', 'awaited', 'given up'].every((name) => signals.get(name)!.deref()!.aborted))
  await settled()
  collect()
  t.equal(signals.get('never')!.deref(), undefined, 'nothing refers to it any more')
  while (sent.length < 2) await settled()
  t.match(sent.splice(1), [{ type: MessageType.Error, request: 1, error: 'wamp.error.canceled' }], 'a procedure that can never end is over')
  for (const end of finish.values()) end()
  await settled()
  const ended = { type: MessageType.Error, error: 'wamp.error.canceled', payload: Payload.empty }
  t.match(sent.slice(1), [{ ...ended, request: 2 }, { type: MessageType.Yield, request: 3 }, { ...ended, request: 4 }])
  t.equal(sent.length, 4, 'late answers are not sent')
})
