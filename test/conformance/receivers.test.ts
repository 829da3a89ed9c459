import t from 'tap'
import type { Test } from 'tap'
import { buildParties } from '../helper/build-parties.ts'
import type { Parties } from '../helper/build-parties.ts'
import { forEachTransport } from '../helper/transports.ts'
import type { ClientTransport } from '../helper/transports.ts'

const NOBODY = 999_999_999_999

/** Publishes for alice with these options, and returns who of bob, carol and alice received it. */
async function receivers ({ alice, bob, carol }: Parties, options: object): Promise<string> {
  alice.send([16, 1, options, 'a'])
  await alice.fence().then((mine) => { if (mine.length > 0) throw new Error('not for alice') })
  const received = async (client: typeof bob, name: string): Promise<string> => (await client.fence()).length > 0 ? name : ''
  return [await received(bob, 'bob'), await received(carol, 'carol')].join(' ').trim()
}

async function listening (t: Test, transport: ClientTransport): Promise<Parties> {
  const parties = await buildParties(t, transport)
  for (const client of [parties.alice, parties.bob, parties.carol]) await client.ask([32, 1, {}, 'a'])
  return parties
}

forEachTransport(t, 'sessions, users and roles can be excluded [BWL-01]', async (t, transport) => {
  const parties = await listening(t, transport)
  const { bob, carol } = parties
  t.equal(await receivers(parties, {}), 'bob carol')
  t.equal(await receivers(parties, { exclude: [bob.id] }), 'carol')
  t.equal(await receivers(parties, { exclude: [bob.id, carol.id] }), '')
  t.equal(await receivers(parties, { exclude_authid: ['carol'] }), 'bob')
  t.equal(await receivers(parties, { exclude_authrole: ['user'] }), 'carol')
  t.equal(await receivers(parties, { exclude_authrole: ['none'], exclude_authid: ['none'] }), 'bob carol')
})

forEachTransport(t, 'sessions, users and roles can be the only eligible ones [BWL-02]', async (t, transport) => {
  const parties = await listening(t, transport)
  const { bob, carol } = parties
  t.equal(await receivers(parties, { eligible: [bob.id] }), 'bob')
  t.equal(await receivers(parties, { eligible: [bob.id, carol.id] }), 'bob carol')
  t.equal(await receivers(parties, { eligible_authid: ['carol'] }), 'carol')
  t.equal(await receivers(parties, { eligible_authrole: ['staff'] }), 'carol')
})

forEachTransport(t, 'a session receives an event only if all receiver lists allow it [BWL-03]', async (t, transport) => {
  const parties = await listening(t, transport)
  const { bob, carol } = parties
  t.equal(await receivers(parties, { eligible: [bob.id, carol.id], exclude: [bob.id] }), 'carol')
  t.equal(await receivers(parties, { eligible_authrole: ['user', 'staff'], exclude_authid: ['bob'] }), 'carol')
  t.equal(await receivers(parties, { eligible: [bob.id], eligible_authid: ['carol'] }), '')
  t.equal(await receivers(parties, { eligible_authid: ['bob', 'carol'], eligible_authrole: ['user'] }), 'bob')
  t.equal(await receivers(parties, { exclude: [bob.id], exclude_authrole: ['staff'] }), '')
})

forEachTransport(t, 'an empty eligible list selects no session, and an empty exclude list excludes none [BWL-04, TRP-17]', async (t, transport) => {
  const parties = await listening(t, transport)
  for (const key of ['eligible', 'eligible_authid', 'eligible_authrole']) t.equal(await receivers(parties, { [key]: [] }), '', key)
  for (const key of ['exclude', 'exclude_authid', 'exclude_authrole']) t.equal(await receivers(parties, { [key]: [] }), 'bob carol', key)
})

forEachTransport(t, 'receiver lists do not subscribe a session, and may name sessions that have left [BWL-05]', async (t, transport) => {
  const parties = await listening(t, transport)
  const { login, bob } = parties
  const stranger = await login('bob')
  t.equal(await receivers(parties, { eligible: [bob.id, stranger.id, NOBODY] }), 'bob')
  t.same(await stranger.fence(), [])
  t.equal(await receivers(parties, { exclude: [NOBODY] }), 'bob carol')
})

forEachTransport(t, 'a publisher that lists itself also has to set exclude_me to false, and is subject to the lists [BWL-06, PUB-07]', async (t, transport) => {
  const { alice } = await listening(t, transport)
  alice.send([16, 1, { eligible: [alice.id] }, 'a'])
  t.same(await alice.fence(), [])
  alice.send([16, 2, { eligible: [alice.id], exclude_me: false }, 'a'])
  t.same((await alice.fence()).map(([type]) => type), [36])
  alice.send([16, 3, { exclude: [alice.id], exclude_me: false }, 'a'], [16, 4, { eligible: [NOBODY], exclude_me: false }, 'a'])
  t.same(await alice.fence(), [])
})
