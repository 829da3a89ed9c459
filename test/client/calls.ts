import type { Test } from 'tap'
import { CallResult, WampError } from 'fastify-wamp/client'
import type { ClientSession } from 'fastify-wamp/client'

/** Registers `com.add`, and checks its results, errors and progress from another session. */
export async function checkCalls (t: Test, { callee, caller }: { callee: ClientSession, caller: ClientSession }): Promise<void> {
  await callee.register<[number, number]>('com.add', ({ args: [x, y], kwargs, progress }) => {
    progress?.(x)
    if (kwargs.fail === true) throw new WampError('com.error', { args: [x], kwargs: { y } })
    return kwargs.both === true ? new CallResult([x, y], { sum: x + y }) : x + y
  })
  t.equal(await caller.call('com.add', [2, 3]), 5)
  t.strictSame(await caller.call('com.add', [2, 3], { both: true }), new CallResult([2, 3], { sum: 5 }))
  t.match(await caller.call('com.add', [2, 3], { fail: true }).catch((error: unknown) => error), { error: 'com.error', args: [2], kwargs: { y: 3 } })
  const results = caller.results<number>('com.add', [2, 3])
  t.same([await results.next(), await results.next()], [{ value: 2, done: false }, { value: 5, done: true }], 'progress')
  await t.rejects(caller.call('com.none'), /no_such_procedure/)
}

/** Checks that values, with octets among them, arrive unchanged in an event. Requires `checkCalls` before. */
export async function checkEvents (t: Test, { callee, caller, topic, published = topic, match }: {
  callee: ClientSession
  caller: ClientSession
  topic: string
  published?: string
  match?: 'prefix'
}): Promise<void> {
  const seen: unknown[] = []
  const subscription = await callee.subscribe(topic, ({ args }) => { seen.push(args) }, match === undefined ? {} : { match })
  await caller.publish(published, [new Uint8Array([0, 255]), { deep: [null, true, 'é', 1.5] }])
  await caller.call('com.add', [0, 0])
  t.strictSame(seen, [[new Uint8Array([0, 255]), { deep: [null, true, 'é', 1.5] }]])
  await subscription.unsubscribe()
}
