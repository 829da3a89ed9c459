import t from 'tap'
import { HeldValues } from '../../plugin/held-values.ts'
import { InProcessPeer } from '../../plugin/in-process/in-process-peer.ts'
import { InProcessSession } from '../../plugin/in-process/in-process-session.ts'
import { MessageType } from '../../plugin/protocol/message.ts'
import type { ClientMessage } from '../../plugin/protocol/message.ts'
import { Payload } from '../../plugin/protocol/payload.ts'

const principal = { realm: 'realm1', authid: 'app', authrole: 'trusted', authmethod: 'in-process', authprovider: 'in-process' }

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve) })

/** A session, whose router sends what it is told to. */
function build (heldBytes = 2 ** 20) {
  const sent: ClientMessage[] = []
  const logged: string[] = []
  const log = { error: (_: object, text: string) => { logged.push(text) }, warn: () => {} }
  const held = new HeldValues(heldBytes, log)
  const peer = new InProcessPeer({ send: (message) => { sent.push(message) }, ended: () => {}, bufferedBytes: 1000, bufferedEventBytes: 1000, held, read: (payload) => payload.values(), log })
  const session = new InProcessSession({ id: 7, principal, peer, propagation: { current: null } })
  const result = (value: unknown, details = {}): void => {
    const payload = Payload.of([value])
    peer.receive({ type: MessageType.Result, request: 1, details, payload }, payload.values())
  }
  return { session, sent, logged, held, peer, progress: (value: unknown) => { result(value, { progress: true }) }, end: () => { result('end') } }
}

const canceled = { type: MessageType.Cancel, request: 1, options: { mode: 'killnowait' } }

t.test('a function for progressive results that fails, at once or later, fails its call and cancels it', async (t) => {
  const failing = [() => { throw new Error('failed') }, async () => { throw new Error('failed') }, async () => { await settled(); throw new Error('failed') }]
  for (const onProgress of failing) {
    const { session, sent, held, progress } = build()
    const call = session.call('com.example.p', [], {}, { onProgress })
    progress(1)
    await t.rejects(call, { message: 'failed' })
    t.match(sent[1], canceled)
    progress(2)
    await settled()
    t.equal(sent.length, 2, 'what comes later is ignored')
    t.equal(held.bytes, 0)
  }
})

t.test('a function for progressive results that fails after its call has ended is logged', async (t) => {
  const { session, sent, logged, progress, end } = build()
  const call = session.call('com.example.p', [], {}, { onProgress: async () => { await settled(); throw new Error('failed') } })
  progress(1)
  end()
  t.equal(await call, 'end')
  await settled()
  await settled()
  t.same(logged, ['a function for progressive results failed'])
  t.equal(sent.length, 1)
})

t.test('progressive results are handled by a limited number of asynchronous functions, with limited memory', async (t) => {
  for (const [most, heldBytes, value] of [[1000, 2 ** 30, 1], [3, 2 ** 15, 'x'.repeat(2000)]] as const) {
    const { session, sent, held, progress } = build(heldBytes)
    let running = 0
    const ends: (() => void)[] = []
    const call = session.call('com.example.p', [], {}, { onProgress: () => new Promise<void>((resolve) => { ends.push(() => { running--; resolve() }); running++ }) })
    for (let i = 0; i < most; i++) progress(value)
    t.equal(sent.length, 1)
    t.equal(running, most)
    progress(value)
    t.match(sent[1], canceled)
    await t.rejects(call, { code: 'WAMP_ERR_SLOW_READER' })
    progress(value)
    t.equal(running, most + 1)
    for (const end of ends) end()
    await settled()
    t.equal(held.bytes, 0)
  }
})

t.test('any number of asynchronous functions for progressive results may run if they end in time', async (t) => {
  const { session, progress, end } = build()
  const call = session.call('com.example.p', [], {}, { onProgress: async () => {} })
  for (let i = 0; i < 1500; i++) {
    if (i % 500 === 0) await settled()
    progress(i)
  }
  end()
  t.equal(await call, 'end')
})

t.test('a callback for the end of a session that fails, at once or later, is logged', async (t) => {
  for (const tell of [() => { throw new Error('failed') }, async () => { throw new Error('failed') }]) {
    const { session, logged, peer } = build()
    session.whenClosed(tell)
    peer.closed('wamp.close.killed')
    await settled()
    t.same(logged, ['a callback for the end of a session failed'])
  }
})
