import t from 'tap'
import { buildParties, head, told } from '../helper/build-parties.ts'
import { advanced, rolesWith } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

const timeout = 'wamp.error.timeout'

forEachTransport(t, 'when a call times out, the caller gets an error, the callee is interrupted, and later messages are dropped [TMO-01, TMO-05, TMO-06, TMO-08, TRP-26, PVI-08]', async (t, transport) => {
  const { login, alice, bob } = await buildParties(t, transport, { announced: rolesWith('callee.call_canceling') })
  await bob.ask([64, 1, {}, 'p'])
  // In seconds, as Crossbar.io counts them, this would be nearly an hour.
  alice.send([48, 1, { timeout: 3_000 / 1_000 }, 'p'])
  t.same(told(await bob.next()), [{}])
  t.same(head(await alice.next()), [8, 48, 1, {}, timeout])
  t.same(await bob.next(), [69, 1, { mode: 'killnowait' }])
  bob.send([70, 1, {}, ['late']])
  await bob.fence()
  t.same(await alice.fence(), [])
  const plain = await login('carol', rolesWith())
  await plain.ask([64, 1, {}, 'q'])
  alice.send([48, 2, { timeout: 1 }, 'q'])
  t.same(head(await alice.next()), [8, 48, 2, {}, timeout])
  t.same((await plain.fence()).map(([type]) => type), [68], 'who did not announce call_canceling is not interrupted')
})

forEachTransport(t, 'only a callee that announced the feature and requested it enforces the timeout itself [TMO-02, TMO-03]', async (t, transport) => {
  const { login, alice, carol } = await buildParties(t, transport)
  for (const [i, [features, options, forwarded]] of ([
    [['callee.call_timeout'], { forward_timeout: true }, true], [['callee.call_timeout'], {}, false], [['callee.call_timeout'], { forward_timeout: false }, false], [[], { forward_timeout: true }, false]
  ] as const).entries()) {
    const callee = await login('bob', rolesWith(...features))
    await callee.ask([64, 1, options, `p${i}`])
    alice.send([48, i + 1, { timeout: 2 }, `p${i}`])
    t.same((await callee.next())[3], forwarded ? { timeout: 2 } : {})
    if (forwarded) {
      // The router has a timer for this one, and none for the other: it would have fired first.
      await carol.ask([64, 1, {}, 'slow'])
      alice.send([48, 50, { timeout: 20 }, 'slow'])
      t.same(head(await alice.next()), [8, 48, 50, {}, timeout])
      callee.send([8, 68, 1, {}, timeout, ['too slow']])
      t.same(await alice.next(), [8, 48, 1, {}, timeout, ['too slow']], 'a timeout that the callee reports is passed on [TMO-10]')
    } else t.same(head(await alice.next()), [8, 48, i + 1, {}, timeout])
  }
})

forEachTransport(t, 'a timeout of 0 is the same as no timeout [TMO-01]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  await bob.ask([64, 2, {}, 'slow'])
  alice.send([48, 1, { timeout: 0 }, 'p'], [48, 2, {}, 'p'], [48, 3, { timeout: 5_000_000_000 }, 'p'], [48, 4, { timeout: 5 }, 'slow'])
  t.same(head(await alice.next()), [8, 48, 4, {}, timeout])
  bob.send([70, 1, {}], [70, 2, {}], [70, 3, {}])
  t.same([await alice.next(), await alice.next(), await alice.next()], [[50, 1, {}], [50, 2, {}], [50, 3, {}]])
})

forEachTransport(t, 'the timeout of a call ends with the call [TMO-09, CAN-09]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport)
  await bob.ask([64, 1, {}, 'p'])
  await carol.ask([64, 1, {}, 'slow'])
  alice.send([48, 1, { timeout: 300 }, 'p'], [48, 2, { timeout: 300 }, 'p'], [48, 3, { timeout: 300 }, 'p'], [49, 3, { mode: 'skip' }])
  await bob.fence()
  bob.send([70, 1, {}], [8, 68, 2, {}, 'a.b'])
  await bob.fence()
  // Whatever the time says of those, it says it before this one.
  alice.send([48, 4, { timeout: 310 }, 'slow'])
  const answers: unknown[][] = []
  while (answers.at(-1)?.[2] !== 4) answers.push(head(await alice.next()))
  t.equal(answers.filter(([, , , , error]) => error === timeout).length, 1)
  t.same(answers.map((answer) => answer[0] === 8 ? answer[2] : answer[1]).toSorted(), [1, 2, 3, 4])
  t.same(await bob.fence(), [], 'nobody is interrupted')
})

forEachTransport(t, 'a call that is being killed still has its timeout [CAN-09]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, { timeout: 50 }, 'p'], [49, 1, { mode: 'kill' }])
  t.same(head(await alice.next()), [8, 48, 1, {}, timeout])
  t.same((await bob.fence()).map(([type]) => type), [68, 69, 69])
})
