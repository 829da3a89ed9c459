import { EventEmitter, once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { CallResult, WampError } from 'fastify-wamp'
import type { InProcessSession, Subscription } from 'fastify-wamp'
import { WaitingMessages } from '../../plugin/in-process/waiting-messages.ts'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'

const [json] = wireCodecs

async function build (t: Test): Promise<{ app: FastifyInstance, caller: InProcessSession, callee: InProcessSession }> {
  const { app } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything, guest: { permissions: [] } } } } })
  return { app, caller: app.wamp.join('realm1'), callee: app.wamp.join('realm1') }
}

/** Resolves when a procedure is called, to what it is called with; it ends when its signal is aborted. */
async function registerSlow (callee: InProcessSession, procedure: string): Promise<{ called: Promise<void>, aborted: Promise<unknown> }> {
  let call = (): void => {}
  let abort: (reason: unknown) => void = () => {}
  const called = new Promise<void>((resolve) => { call = resolve })
  const aborted = new Promise((resolve) => { abort = resolve })
  await callee.register(procedure, async ({ signal }) => {
    call()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        abort(signal.reason)
        reject(new Error('aborted'))
      })
    })
  })
  return { called, aborted }
}

t.test('an aborted call rejects at once, and the signal of its procedure aborts [CAN-01]', async (t) => {
  const { caller, callee } = await build(t)
  const { called, aborted } = await registerSlow(callee, 'com.example.slow')
  const stop = new AbortController()
  const call = caller.call('com.example.slow', [], {}, { signal: stop.signal })
  await called
  stop.abort(new Error('no longer wanted'))
  await t.rejects(call, { message: 'no longer wanted' })
  t.match(await aborted, { error: 'wamp.error.canceled' })
  await t.rejects(caller.call('com.example.slow', [], {}, { signal: AbortSignal.abort(new Error('never')) }), { message: 'never' })
})

t.test('a timeout, the departure of the caller, and the end of the session abort the signal of a procedure', async (t) => {
  const { app, caller, callee } = await build(t)
  const timed = await registerSlow(callee, 'com.example.timed')
  await t.rejects(caller.call('com.example.timed', [], {}, { timeout: 20 }), { message: 'wamp.error.timeout' })
  t.match(await timed.aborted, { error: 'wamp.error.canceled' })

  const left = await registerSlow(callee, 'com.example.left')
  const gone = app.wamp.join('realm1')
  const call = gone.call('com.example.left')
  await left.called
  await gone.leave()
  await t.rejects(call, { code: 'WAMP_ERR_SESSION_CLOSED' })
  t.match(await left.aborted, { error: 'wamp.error.canceled' })

  const ended = await registerSlow(callee, 'com.example.ended')
  const last = caller.call('com.example.ended')
  await ended.called
  await callee.leave()
  t.match(await ended.aborted, { code: 'WAMP_ERR_SESSION_CLOSED' })
  await t.rejects(last, { message: 'wamp.error.canceled' })
})

t.test('progressive results are passed in order, to callers that request them [PCR-01]', async (t) => {
  const { caller, callee } = await build(t)
  const wanted: boolean[] = []
  await callee.register<[number]>('com.example.count', ({ args: [to], progress }) => {
    wanted.push(progress !== null)
    for (let i = 1; i < to; i++) progress?.(i === 2 ? new CallResult([i], { even: true }) : i)
    return to
  })
  const seen: unknown[] = []
  t.equal(await caller.call('com.example.count', [3], {}, { onProgress: (value) => { seen.push(value) } }), 3)
  t.same(seen, [1, new CallResult([2], { even: true })])
  t.equal(await caller.call('com.example.count', [3]), 3)
  t.same(wanted, [true, false])
  await t.rejects(caller.call('com.example.count', [3], {}, { onProgress: () => { throw new Error('mine') } }), { message: 'mine' })
})

t.test('results can be iterated over, and breaking out of the loop cancels the call', async (t) => {
  const { caller, callee } = await build(t)
  await callee.register<[number]>('com.example.count', ({ args: [to], progress }) => {
    for (let i = 1; i < to; i++) progress?.(i)
    return to
  })
  const results = caller.results<number>('com.example.count', [4])
  const seen: unknown[] = []
  let last = await results.next()
  for (; last.done !== true; last = await results.next()) seen.push(last.value)
  t.same([seen, last.value], [[1, 2, 3], 4])

  let told: (reason: unknown) => void = () => {}
  const aborted = new Promise((resolve) => { told = resolve })
  await callee.register('com.example.endless', async ({ progress, signal }) => {
    progress?.('first')
    await new Promise<void>((resolve) => { signal.addEventListener('abort', () => { told(signal.reason); resolve() }) })
  })
  const endless = caller.results('com.example.endless')
  t.same(await endless.next(), { done: false, value: 'first' })
  await endless.return(undefined)
  t.match(await aborted, { error: 'wamp.error.canceled' })
  await callee.register('com.example.fails', ({ progress }) => {
    progress?.(1)
    throw new WampError('com.example.error')
  })
  await t.rejects(async () => { for await (const value of caller.results('com.example.fails')) t.equal(value, 1) }, { message: 'com.example.error' })
})

t.test('events can be iterated over, until one stops, a signal says so, or the session ends', async (t) => {
  const { app, caller, callee } = await build(t)
  const stop = new AbortController()
  const seen: unknown[] = []
  const reading = (async () => { for await (const { args: [value] } of callee.events('com.example.news', { signal: stop.signal })) if (seen.push(value) === 3) stop.abort() })()
  await caller.call('wamp.session.count') // the subscription stands
  for (let i = 1; i <= 5; i++) await caller.publish('com.example.news', [i])
  await reading
  t.same(seen.slice(0, 3), [1, 2, 3])
  t.same((await caller.call<{ exact: number[] }>('wamp.subscription.list')).exact, [])

  const other = app.wamp.join('realm1')
  const ending = (async () => { for await (const event of other.events('com.example.news')) t.fail(JSON.stringify(event)) })()
  await caller.call('wamp.session.count')
  await other.leave()
  await ending
  t.pass('the session has ended, and the iteration with it')
  let told = 0
  other.whenClosed(() => { told++ })
  t.equal(told, 1, 'who asks later is told at once')
})

t.test('a refused iteration over events removes its listener from its signal', async (t) => {
  const { app } = await build(t)
  const { prototype } = WaitingMessages
  const ends = t.capture(prototype, 'end', prototype.end)
  const stop = new AbortController()
  const guest = app.wamp.join('realm1', { role: 'guest' })
  await t.rejects(guest.events('com.example.news', { signal: stop.signal }).next(), { code: 'wamp.error.not_authorized' })
  t.equal(ends().length, 1)
  stop.abort()
  t.equal(ends().length, 0)
})

t.test('an iteration over events ends at once when its signal is aborted, even while an authorizer decides; a later grant is undone', async (t) => {
  const asked = new EventEmitter()
  let decide: (verdict: boolean) => void = () => {}
  const authorizer = async (): Promise<boolean> => {
    asked.emit('asked')
    return await new Promise<boolean>((resolve) => { decide = resolve })
  }
  const { app } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything, guest: { authorizer } } } } })
  const [guest, backend] = [app.wamp.join('realm1', { role: 'guest' }), app.wamp.join('realm1')]
  const given = new Promise((resolve) => { backend.subscribe('wamp.subscription.on_unsubscribe', ({ args }) => { resolve(args[0]) }).catch(() => {}) })
  await backend.call('wamp.session.count')
  const read = async (signal: AbortSignal): Promise<void> => { for await (const event of guest.events('com.example.news', { signal })) t.fail(String(event)) }
  const stop = new AbortController()
  let thinking = once(asked, 'asked')
  const reading = read(stop.signal)
  await thinking
  stop.abort()
  await reading
  decide(true)
  t.equal(await given, guest.id)
  t.equal(await backend.call('wamp.subscription.lookup', ['com.example.news']), null)

  await read(AbortSignal.abort())
  thinking = once(asked, 'asked')
  const refused = read(new AbortController().signal)
  await thinking
  decide(false)
  await t.rejects(refused, { message: 'wamp.error.not_authorized' })

  thinking = once(asked, 'asked')
  const ending = read(new AbortController().signal)
  await thinking
  app.wamp.kick('realm1', { session: guest.id })
  await t.rejects(ending, { code: 'WAMP_ERR_SESSION_CLOSED' })
})

t.test('a call that waits for its authorizer ends at once when it is aborted or times out', async (t) => {
  const asked = new EventEmitter()
  const authorizer = async (): Promise<boolean> => {
    asked.emit('asked')
    return await new Promise(() => {})
  }
  const { app } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything, guest: { authorizer } } } } })
  const guest = app.wamp.join('realm1', { role: 'guest' })
  const stop = new AbortController()
  const thinking = once(asked, 'asked')
  const call = guest.call('com.example.any', [], {}, { signal: stop.signal })
  await thinking
  stop.abort(new Error('no longer wanted'))
  await t.rejects(call, { message: 'no longer wanted' })
  await t.rejects(guest.call('com.example.any', [], {}, { timeout: 20 }), { message: 'wamp.error.timeout' })
})

t.test('a program that iterates too slowly gets an error, and the subscription ends', async (t) => {
  const { caller, callee } = await build(t)
  const events = callee.events('com.example.flood')
  const first = events.next()
  await caller.call('wamp.session.count')
  for (let i = 0; i < 10_002; i++) await caller.publish('com.example.flood', [i])
  t.match(await first, { value: { args: [0] } })
  await t.rejects(async () => { for await (const event of events) t.fail(JSON.stringify(event)) }, { code: 'WAMP_ERR_SLOW_READER' })
  t.same((await caller.call<{ exact: number[] }>('wamp.subscription.list')).exact, [])
})

t.test('a subscription is not ended while another handler is being added to it', async (t) => {
  let decide = (): void => {}
  const asked = new EventEmitter()
  const authorizer = async (): Promise<boolean> => {
    asked.emit('asked')
    await new Promise<void>((resolve) => { decide = resolve })
    return true
  }
  const { app } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything, guest: { authorizer } } } } })
  const [guest, backend] = [app.wamp.join('realm1', { role: 'guest' }), app.wamp.join('realm1')]
  const seen: unknown[] = []
  const subscribe = async (): Promise<Promise<Subscription>[]> => {
    const thinking = once(asked, 'asked')
    const subscribed = guest.subscribe('com.example.news', ({ args }) => { seen.push(args[0]) })
    await thinking
    return [subscribed]
  }
  const [first] = await subscribe()
  decide()
  const subscription = await first!
  const [second] = await subscribe()
  const given = subscription.unsubscribe()
  decide()
  const [stays] = await Promise.all([second!, given])
  await backend.publish('com.example.news', ['seen'])
  await backend.call('wamp.session.count')
  t.same(seen, ['seen'])
  await stays.unsubscribe()
  t.same(await backend.call('wamp.subscription.lookup', ['com.example.news']), null)
})

t.test('a subscription is ended whatever else is pending, and once if two handlers are removed together', async (t) => {
  const asked = new EventEmitter()
  let decide = (): void => {}
  const authorizer = async (_session: unknown, uri: string): Promise<boolean> => {
    if (uri !== 'com.example.slow') return true
    asked.emit('asked')
    await new Promise<void>((resolve) => { decide = resolve })
    return true
  }
  const { app } = await buildApp(t, { realms: { realm1: { roles: { anonymous: everything, guest: { authorizer } } } } })
  const [guest, backend] = [app.wamp.join('realm1', { role: 'guest' }), app.wamp.join('realm1')]
  const given = new Promise((resolve) => { backend.subscribe('wamp.subscription.on_unsubscribe', ({ args }) => { resolve(args[0]) }).catch(() => {}) })
  await backend.call('wamp.session.count')
  const one = await guest.subscribe('com.example.one', () => {})
  const slow = await Promise.all([once(asked, 'asked').then(() => { decide() }), guest.subscribe('com.example.slow', () => {})]).then(([, subscription]) => subscription)
  const thinking = once(asked, 'asked')
  const again = guest.subscribe('com.example.slow', () => {})
  await thinking
  // The router has it after what waits; this session does not wait for another topic's answer before it asks.
  const left = Promise.all([slow.unsubscribe(), one.unsubscribe()])
  decide()
  await Promise.all([left, again.then(async (subscription) => { await subscription.unsubscribe() })])
  t.equal(await given, guest.id)
  for (const topic of ['com.example.one', 'com.example.slow']) t.same(await backend.call('wamp.subscription.lookup', [topic]), null)
})

t.test('a retained event is passed only to the handler that requested it', async (t) => {
  const { app } = await buildApp(t)
  const [backend, guest] = [app.wamp.join('realm1'), app.wamp.join('realm1')]
  await backend.publish('com.example.state', ['retained'], {}, { retain: true })
  const seen: string[] = []
  for (const [name, retained] of [['a', false], ['b', true], ['c', true]] as const) {
    await guest.subscribe('com.example.state', ({ args }) => { seen.push(`${name} ${String(args[0])}`) }, { get_retained: retained })
  }
  await guest.call('wamp.session.count')
  t.same(seen, ['b retained', 'c retained'])
  await backend.publish('com.example.state', ['new'])
  await guest.call('wamp.session.count')
  t.same(seen.slice(2), ['a new', 'b new', 'c new'])
})

t.test('a session that joins with a role has only the permissions of the role', async (t) => {
  const { app } = await build(t)
  const guest = app.wamp.join('realm1', { authid: 'joe', role: 'guest' })
  await t.rejects(guest.call('com.example.any'), { message: 'wamp.error.not_authorized' })
  await t.rejects(guest.publish('com.example.any'), { message: 'wamp.error.not_authorized' })
})

t.test('a session leaves at the end of its block', async (t) => {
  const { app } = await build(t)
  const before = app.wamp.sessions('realm1').length
  {
    await using session = app.wamp.join('realm1')
    t.equal(app.wamp.sessions('realm1').length, before + 1)
    await session.call('wamp.session.count')
  }
  t.equal(app.wamp.sessions('realm1').length, before)
})

t.test('a WebSocket client sees progress of a procedure of the app, and cancels it [CAN-01, PCR-01]', async (t) => {
  const { app, url } = await buildApp(t)
  const callee = app.wamp.join('realm1')
  let told: () => void = () => {}
  const aborted = new Promise<void>((resolve) => { told = resolve })
  await callee.register('com.example.work', async ({ progress, signal }) => {
    progress?.('half')
    await new Promise<void>((_resolve, reject) => { signal.addEventListener('abort', () => { told(); reject(new Error('aborted')) }) })
  })
  const features = { call_canceling: true, progressive_call_results: true }
  const client = await WireClient.join(t, url, json!, {}, { caller: { features } })
  t.match(await client.ask([48, 1, { receive_progress: true }, 'com.example.work']), [50, 1, { progress: true }, ['half']])
  t.match(await client.ask([49, 1, { mode: 'kill' }]), [8, 48, 1, {}, 'wamp.error.canceled'])
  await aborted
})

t.test('one signal serves any number of calls and iterations, without a warning of Node.js', async (t) => {
  const warnings: string[] = []
  const warn = ({ name }: Error): void => { warnings.push(name) }
  process.on('warning', warn)
  t.teardown(() => process.off('warning', warn))
  const { callee, caller } = await build(t)
  await callee.register('com.example.slow', async ({ signal }) => { await once(signal, 'abort') })
  const stop = new AbortController()
  const calls = Array.from({ length: 30 }, () => caller.call('com.example.slow', [], {}, { signal: stop.signal }).catch((error: unknown) => error))
  const iterations = Array.from({ length: 30 }, async () => { for await (const event of caller.events('com.example.news', { signal: stop.signal })) t.fail(String(event)) })
  await caller.call('com.example.none').catch(() => {})
  const reason = new Error('enough')
  stop.abort(reason)
  for (const error of await Promise.all(calls)) t.equal(error, reason)
  await Promise.all(iterations)
  // Warnings are told in a turn of their own.
  await setImmediate()
  t.same(warnings, [])
})
