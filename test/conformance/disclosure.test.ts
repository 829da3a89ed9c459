import t from 'tap'
import { buildParties, head } from '../helper/build-parties.ts'
import { everything } from '../helper/build-router.ts'
import { forEachTransport } from '../helper/transports.ts'

const disclosing = (disclose: { caller?: boolean, publisher?: boolean }) => ({ permissions: [{ ...everything.permissions[0], disclose }] })

forEachTransport(t, 'a publisher is disclosed only if it asks for it [PID-01, PID-04, PID-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await bob.ask([32, 1, {}, 'a'])
  for (const [options, details] of [
    [{}, {}], [{ disclose_me: false }, {}], [{ disclose_me: true }, { publisher: alice.id, publisher_authid: 'alice', publisher_authrole: 'user' }]
  ]) {
    const [, , publication] = await alice.ask([16, 1, { ...options, acknowledge: true }, 'a', [1]])
    t.same(await bob.next(), [36, id, publication, details, [1]])
  }
})

forEachTransport(t, 'a publisher that may not request disclosure is refused, and its event is not sent [PID-02, PID-06]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport, { user: { ...everything, allowDiscloseMe: false } })
  await bob.ask([32, 1, {}, 'a'])
  alice.send([16, 1, { acknowledge: true, disclose_me: true }, 'a'], [16, 2, { disclose_me: true }, 'a'])
  t.same((await alice.fence()).map(head), [[8, 16, 1, {}, 'wamp.error.option_disallowed.disclose_me']])
  t.same(await bob.fence(), [])
})

forEachTransport(t, 'a permission discloses publishers, or callers, without a request [PID-03, PID-05, CID-03, CID-06, TRP-07]', async (t, transport) => {
  for (const disclose of [{ publisher: true }, { caller: true }]) {
    const { alice, carol } = await buildParties(t, transport, { user: { ...disclosing(disclose), allowDiscloseMe: false } })
    await carol.ask([32, 1, {}, 'a'])
    await carol.ask([64, 2, {}, 'p'])
    alice.send([16, 1, {}, 'a'], [48, 2, {}, 'p'])
    const [[, , , event], [, , , invocation]] = [await carol.next(), await carol.next()]
    t.same(event, disclose.publisher === true ? { publisher: alice.id, publisher_authid: 'alice', publisher_authrole: 'user' } : {})
    t.same(invocation, disclose.caller === true ? { caller: alice.id, caller_authid: 'alice', caller_authrole: 'user' } : {})
  }
})

forEachTransport(t, 'a caller is disclosed only if it asks for it [CID-01, CID-07]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await bob.ask([64, 1, {}, 'p'])
  for (const [request, options, details] of [
    [1, {}, {}], [2, { disclose_me: false }, {}], [3, { disclose_me: true }, { caller: alice.id, caller_authid: 'alice', caller_authrole: 'user' }]
  ]) {
    alice.send([48, request, options, 'p', [1]])
    const [, , ...invocation] = await bob.next()
    t.same(invocation, [id, details, [1]])
  }
})

forEachTransport(t, 'a callee can request disclosure of all its callers [CID-02]', async (t, transport) => {
  const { alice, bob } = await buildParties(t, transport)
  const [, , id] = await bob.ask([64, 1, { disclose_caller: true }, 'p'])
  alice.send([48, 1, {}, 'p'])
  t.same(await bob.next(), [68, 1, id, { caller: alice.id, caller_authid: 'alice', caller_authrole: 'user' }])
})

forEachTransport(t, 'a caller or callee that may not request disclosure is refused [CID-03, CID-04, CID-05, TRP-06]', async (t, transport) => {
  const { alice, bob, carol } = await buildParties(t, transport, { user: { ...everything, allowDiscloseMe: false } })
  t.same(head(await alice.ask([64, 1, { disclose_caller: true }, 'q'])), [8, 64, 1, {}, 'wamp.error.option_disallowed.disclose_me'])
  await carol.ask([64, 1, {}, 'p'])
  t.same(head(await bob.ask([48, 1, { disclose_me: true }, 'p'])), [8, 48, 1, {}, 'wamp.error.option_disallowed.disclose_me'])
  t.same(await carol.fence(), [])
  t.same(head(await carol.ask([48, 2, {}, 'q'])), [8, 48, 2, {}, 'wamp.error.no_such_procedure'])
})
