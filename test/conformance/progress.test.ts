import t from 'tap'
import { buildParties, head, told, violation } from '../helper/build-parties.ts'
import { advanced, rolesWith } from '../helper/roles.ts'
import { forEachTransport } from '../helper/transports.ts'

const progress = { progress: true }
const receiveProgress = { receive_progress: true }

forEachTransport(t, 'progressive results arrive as they are yielded, and the last one has no progress flag [PCR-01, PCR-03, PCR-04, PCR-05, PCR-06, OPT-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, receiveProgress, 'p'], [48, 2, {}, 'p'])
  t.same(told(await bob.next()), [receiveProgress])
  t.same((await bob.next())[3], {}, 'who does not ask is not promised')
  const yields = [[[1]], [], [[], { k: 2 }], [['a', 'b']]]
  bob.send(...yields.map((payload) => [70, 1, progress, ...payload]), [70, 1, {}, ['end']])
  for (const payload of yields) t.same(await alice.next(), [50, 1, progress, ...payload])
  t.same(await alice.next(), [50, 1, {}, ['end']])
  bob.send([70, 1, progress, ['late']])
  await bob.fence()
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'a progressive call can end with an error, like any other call [PCR-04, TRP-11]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 7, receiveProgress, 'p'])
  await bob.next()
  bob.send([70, 1, progress, [1]], [8, 68, 1, {}, 'com.example.error', ['no']])
  t.same([await alice.next(), await alice.next()], [[50, 7, progress, [1]], [8, 48, 7, {}, 'com.example.error', ['no']]])
})

forEachTransport(t, 'a callee that announced progressive results is asked for them, whether or not it can be interrupted [PCR-01, PCR-02, TRP-28]', async (t, transport) => {
  const { login, alice } = await buildParties(t, transport)
  for (const [i, [features, asked]] of ([[['callee.progressive_call_results', 'callee.call_canceling'], true], [['callee.progressive_call_results'], true], [['callee.call_canceling'], false], [[], false]] as const).entries()) {
    const callee = await login('bob', rolesWith(...features))
    await callee.ask([64, 1, {}, `p${i}`])
    alice.send([48, i + 1, receiveProgress, `p${i}`])
    t.same((await callee.next())[3], asked ? receiveProgress : {})
    callee.send([70, 1, progress, ['some']], [70, 1, {}, ['all']])
    if (asked) t.same(await alice.next(), [50, i + 1, progress, ['some']])
    t.same(await alice.next(), [50, i + 1, {}, ['all']])
  }
})

forEachTransport(t, 'progressive results that were not requested, or are no longer awaited, are dropped [PCR-07, PCR-08]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p'], [48, 2, receiveProgress, 'p'], [49, 2, { mode: 'skip' }])
  t.same(head(await alice.next()), [8, 48, 2, {}, 'wamp.error.canceled'])
  await bob.fence()
  bob.send([70, 1, progress, [1]], [70, 2, progress, [1]], [70, 1, {}, ['end']])
  t.same(await alice.next(), [50, 1, {}, ['end']])
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'after INTERRUPT in mode kill, progressive results continue until the end [CAN-10]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, receiveProgress, 'p'], [49, 1, { mode: 'kill' }])
  await bob.next()
  t.same(await bob.next(), [69, 1, { mode: 'kill' }])
  bob.send([70, 1, progress, [1]], [70, 1, {}, [2]])
  t.same([await alice.next(), await alice.next()], [[50, 1, progress, [1]], [50, 1, {}, [2]]])
})

forEachTransport(t, 'if one side leaves during a progressive call, the other side is notified as usual [PCR-09, PCI-14]', async (t, transport) => {
  for (const options of [receiveProgress, { ...receiveProgress, ...progress }]) {
    const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
    await bob.ask([64, 1, {}, 'p'])
    carol.send([48, 1, options, 'p'])
    alice.send([48, 1, options, 'p'])
    await alice.fence()
    await bob.fence()
    carol.terminate()
    t.match(await bob.next(), [69, Number, { mode: 'killnowait' }])
    bob.terminate()
    t.same(head(await alice.next()), [8, 48, 1, {}, 'wamp.error.canceled'])
  }
})

forEachTransport(t, 'progressive input arrives in order at one callee, with one request id, and the last input has no progress flag [PCI-04, PCI-05, PCI-13]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { announced: advanced })
  for (const callee of [bob, carol]) await callee.ask([64, 1, { invoke: 'roundrobin' }, 'p'])
  alice.send([48, 1, { ...progress, ...receiveProgress }, 'p', [1]])
  const [type, request, registration, details, payload] = await bob.next()
  t.same([type, request, details, payload], [68, 1, { ...receiveProgress, ...progress }, [1]])
  bob.send([70, 1, progress, ['first']])
  t.same(await alice.next(), [50, 1, progress, ['first']])
  alice.send([48, 2, {}, 'p'], [48, 1, progress, 'p', [2]], [48, 1, {}, 'p', [3]])
  t.same([await bob.next(), await bob.next()], [[68, 1, registration, { ...receiveProgress, ...progress }, [2]], [68, 1, registration, receiveProgress, [3]]])
  t.same(await carol.next(), [68, 1, registration, {}], 'another call goes its own way')
  bob.send([70, 1, {}, ['end']])
  t.same(await alice.next(), [50, 1, {}, ['end']])
})

forEachTransport(t, 'a callee that does not support progressive input does not receive it [PCI-02, PCI-03]', async (t, transport) => {
  const { login, alice, carol } = await buildParties(t, transport, { announced: advanced })
  for (const [i, [features, able]] of ([
    [[], false], [['callee.call_canceling'], false], [['callee.progressive_call_invocations'], false],
    [['callee.progressive_call_invocations', 'callee.call_canceling'], true], [['callee.progressive_call_invocations', 'callee.call_cancelling'], true]
  ] as const).entries()) {
    const callee = await login('bob', rolesWith(...features))
    await callee.ask([64, 1, {}, `p${i}`])
    carol.send([48, i + 1, progress, `p${i}`])
    if (able) t.same(told(await callee.next()), [progress])
    else {
      t.same(head(await carol.next()), [8, 48, i + 1, {}, 'wamp.error.feature_not_supported'])
      t.same(await callee.fence(), [])
    }
  }
  t.same(await alice.fence(), [])
})

forEachTransport(t, 'a progressive call without having announced the feature is a violation [PCI-01, PVI-12]', async (t, transport) => {
  const { alice } = await buildParties(t, transport)
  t.match(await alice.ask([48, 1, progress, 'nobody']), violation)
  t.equal(await alice.closed, 1002)
})

forEachTransport(t, 'the options and the permission of the first CALL apply to the whole progressive call [PCI-12, PCI-15]', async (t, transport) => {
  const asked: string[] = []
  const { alice, bob } = await buildParties(t, transport, { announced: advanced, user: { authorizer: (_session, uri, action) => asked.push(`${action} ${uri}`) > 0 } })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, { ...progress, disclose_me: true }, 'p'], [48, 1, { ...progress, ...receiveProgress, timeout: 1, ppt_scheme: 'x_y' }, 'p'], [48, 1, receiveProgress, 'p'])
  const details = { caller: alice.id, caller_authid: 'alice', caller_authrole: 'user' }
  t.same([await bob.next(), await bob.next(), await bob.next()].map((message) => message[3]), [{ ...details, ...progress }, { ...details, ...progress }, details])
  t.same(asked, ['register p', 'call p'])
  alice.send([48, 2, {}, 'p'])
  await bob.next()
  t.same(asked.slice(2), ['call p'], 'a further call is asked about')
})

forEachTransport(t, 'further input of an ended call is dropped, whatever ended the call [PCI-08, PCI-13]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  const endings = [() => { bob.send([70, 1, {}]) }, () => { bob.send([8, 68, 2, {}, 'a.b']) }, () => { alice.send([49, 3, { mode: 'killnowait' }]) }]
  for (const [i, end] of endings.entries()) {
    alice.send([48, i + 1, progress, 'p'])
    t.match(await bob.next(), [68, i + 1])
    end()
    t.ok([8, 50].includes(Number((await alice.next())[0])))
    await bob.fence()
    alice.send([48, i + 1, progress, 'p'], [48, i + 1, {}, 'p'])
    t.same(await alice.fence(), [])
    t.same(await bob.fence(), [])
  }
})

forEachTransport(t, 'a call that did not start as progressive cannot be continued [PCI-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { announced: advanced })
  await bob.ask([64, 1, {}, 'p'])
  alice.send([48, 1, {}, 'p'])
  await bob.next()
  t.match(await alice.ask([48, 1, progress, 'p']), violation)
})

forEachTransport(t, 'input that does not belong to the call is dropped, or is a violation in a strict realm [PCI-06, PCI-09, PCI-10, PCI-11, TRP-01]', async (t, transport) => {
  const wrong = [[48, 2, progress, 'q'], [48, 1, progress, 'p'], [48, 9, {}, 'p']]
  for (const strictRequestIds of [false, true]) {
    for (const message of wrong) {
      const { alice, bob } = await buildParties(t, transport, { announced: advanced, realm: { strictRequestIds } })
      await bob.ask([64, 1, {}, 'p'])
      // Request 1 is no CALL: there is one sequence for all.
      await alice.ask([32, 1, {}, 'a'])
      alice.send([48, 2, progress, 'p', [1]], [48, 2, progress, 'p', [2]])
      t.same((await bob.next())[4], [1])
      t.same((await bob.next())[4], [2])
      alice.send(message)
      if (strictRequestIds) t.match(await alice.next(), violation, JSON.stringify(message))
      else if (message[1] === 2) {
        alice.send([48, 2, {}, 'p', ['last']], [48, 2, {}, 'p', ['more']])
        t.same((await bob.next()).slice(1, 2).concat((await alice.fence()).length), [1, 0])
        t.same(await bob.fence(), [], 'nothing after the last')
      }
    }
    const { alice, bob } = await buildParties(t, transport, { announced: advanced, realm: { strictRequestIds } })
    await bob.ask([64, 1, {}, 'p'])
    alice.send([48, 1, progress, 'p', [1]], [48, 1, {}, 'p', [2]], [32, 2, {}, 'a'], [48, 1, {}, 'p', ['after the last']])
    t.match(await alice.next(), [33, 2])
    if (strictRequestIds) t.match(await alice.next(), violation, 'nothing may follow the last')
  }
})
