import t from 'tap'
import type { Test } from 'tap'
import type { LoginRecord } from '../../plugin/cookie/cookie-store.ts'
import { MemoryStore } from '../../plugin/cookie/memory-store.ts'
import type { CallResult } from '../../plugin/peer/call-result.ts'
import { buildTracker } from '../cookie/build-tracker.ts'
import { buildRouter, everything, settled } from '../helper/build-router.ts'
import type { TestClient } from '../helper/build-router.ts'

/** An answer of so many octets holds some 47 ids. */
const limits = { messageSize: 1000 }
const roles = { anonymous: everything, staff: everything, guest: everything }

type Answer = readonly [code: number, request: number, details: object, args: unknown[] | string, kwargs?: { more?: string, count?: number }]

async function ask (client: TestClient, procedure: string, args: readonly unknown[] = [], kwargs: object = {}): Promise<Answer> {
  client.heard()
  client.say([48, 1, {}, procedure, args, kwargs])
  for (;;) {
    const answer = client.heard().find(([type]) => type === 50 || type === 8)
    if (answer !== undefined) return answer as unknown as Answer
    await settled()
  }
}

/** All pages of a list, and checks that none is longer than a message may be. */
async function pagesOf (t: Test, client: TestClient, procedure: string, args: readonly unknown[] = [], kwargs: object = {}): Promise<unknown[]> {
  const pages: unknown[] = []
  let more: string | undefined
  do {
    const answer = await ask(client, procedure, args, { ...kwargs, ...(more === undefined ? {} : { after: more }) })
    t.equal(answer[0], 50)
    t.ok(JSON.stringify(answer).length <= limits.messageSize)
    pages.push(answer[3][0])
    more = answer[4]?.more
    t.same(Object.keys(answer[4] ?? {}), more === undefined ? [] : ['more'])
  } while (more !== undefined)
  return pages
}

t.test('an answer that fits in one message follows the specification', async (t) => {
  const client = await buildRouter({ limits }).join()
  client.say([32, 1, {}, 'a'], [64, 1, {}, 'a'])
  for (const procedure of ['wamp.session.list', 'wamp.subscription.list', 'wamp.registration.list', 'wamp.login.list']) t.equal((await ask(client, procedure)).length, 4, procedure)
})

t.test('sessions are listed in pages, in the order in which they joined, of all roles or of some', async (t) => {
  const { router, join } = buildRouter({ limits, realms: { realm1: { roles } } })
  const client = await join()
  const roleOf = (i: number): string => ['anonymous', 'staff', 'guest', 'trusted'][i % 4]!
  const joined = Array.from({ length: 200 }, (_, i) => router.join('realm1', { role: roleOf(i) }))
  const ids = (...some: string[]): number[] => [...some.includes('anonymous') ? [client.id] : [], ...joined.filter((_, i) => some.includes(roleOf(i))).map(({ id }) => id)]
  t.same((await pagesOf(t, client, 'wamp.session.list')).flat(), ids('anonymous', 'staff', 'guest'))
  t.same((await pagesOf(t, client, 'wamp.session.list', [['staff', 'guest', 'staff', 'trusted', 'nobody']])).flat(), ids('staff', 'guest'))
  t.same((await pagesOf(t, client, 'wamp.session.list', [['staff']])).flat(), ids('staff'))

  const [, , , , cut] = await ask(client, 'wamp.session.list')
  joined[0]!.leave()
  joined[100]!.leave()
  await settled()
  const [, , , [next]] = await ask(client, 'wamp.session.list', [], { after: cut!.more }) as [number, number, object, [number[]]]
  t.notOk(next.includes(joined[100]!.id), 'who has left meanwhile is not there')
  t.equal(next[0], ids('anonymous', 'staff', 'guest').at(47), 'and nobody is left out for it')
})

t.test('subscriptions and registrations are listed in pages by id, including those of the calling session', async (t) => {
  const { join, router } = buildRouter({ limits })
  const [client, holder] = [await join(), await join()]
  const match = (i: number): string => ['exact', 'prefix', 'wildcard'][i % 3]!
  for (let i = 0; i < 120; i++) {
    for (const type of [32, 64]) {
      holder.say([type, 1, { match: match(i) }, `a${i}.b`])
      client.say([type, 1, { match: match(i) }, `c${i}.b`])
    }
    holder.say([32, 1, {}, `wamp.t${i}`])
  }
  for (const kind of ['subscription', 'registration']) {
    const own = await router.join('realm1').call<CallResult>(`wamp.${kind}.list`)
    t.ok(own.kwargs.more, 'the app is answered in pages, too')
    for (const [args, count] of [[[], 240], [[holder.id], 120]] as const) {
      const pages = await pagesOf(t, client, `wamp.${kind}.list`, args) as Record<string, number[]>[]
      const ids = pages.flatMap((page) => Object.values(page).flat())
      t.equal(new Set(ids).size, count)
      t.equal(pages.flatMap(({ prefix }) => prefix).length, count / 3)
      t.ok(pages.every((page, i) => i === 0 || Math.min(...Object.values(page).flat()) > Math.max(...Object.values(pages[i - 1]!).flat())))
    }
  }
})

t.test('the subscribers and callees of a subscription or registration are listed in pages', async (t) => {
  const { router, join } = buildRouter({ limits })
  const app = router.join('realm1')
  const client = await join()
  const holders = [client]
  for (let i = 0; i < 110; i++) holders.push(await join())
  for (const holder of holders.toReversed()) holder.say([32, 1, {}, 'a'], [64, 1, { invoke: 'random' }, 'a'])
  for (const [kind, list, left] of [['subscription', 'list_subscribers', 'on_unsubscribe'], ['registration', 'list_callees', 'on_unregister']] as const) {
    const [, , , [id]] = await ask(client, `wamp.${kind}.lookup`, ['a'])
    t.same((await pagesOf(t, client, `wamp.${kind}.${list}`, [id])).flat(), holders.map((holder) => holder.id))
    // A session that has left is removed in turns.
    let tell = (): void => {}
    const removed = new Promise<void>((resolve) => { tell = resolve })
    await app.subscribe(`wamp.${kind}.${left}`, () => { tell() })
    holders.pop()!.say([6, {}, 'wamp.close.close_realm'])
    await removed
    holders.push(await join())
    holders.at(-1)!.say([32, 1, {}, 'a'], [64, 1, { invoke: 'random' }, 'a'])
    t.same((await pagesOf(t, client, `wamp.${kind}.${list}`, [id])).flat(), holders.map((holder) => holder.id), 'also after some have come and gone')
  }
})

t.test('the subscriptions that match a topic are listed in pages', async (t) => {
  const client = await buildRouter({ limits }).join()
  const topic = 'x'.repeat(120)
  for (let length = 120; length > 0; length--) client.say([32, 1, { match: 'prefix' }, topic.slice(0, length)])
  const ids = (await pagesOf(t, client, 'wamp.subscription.match', [topic])).flat()
  t.equal(new Set(ids).size, 120)
})

t.test('a caller that kills more sessions than can be listed receives their number', async (t) => {
  const { router, join } = buildRouter({ limits })
  const client = await join()
  for (let i = 0; i < 60; i++) router.join('realm1', { authid: 'joe', role: 'anonymous' })
  const [, , , [ids], kwargs] = await ask(client, 'wamp.session.kill_by_authid', ['joe']) as [number, number, object, [number[]], object]
  t.equal(ids.length, 47)
  t.same(kwargs, { count: 60 })
  t.same((await ask(client, 'wamp.session.count'))[3], [1], 'all are gone')
})

t.test('logins are listed in pages, of all endpoints', async (t) => {
  const { router, join } = buildRouter({ limits })
  const client = await join()
  for (const half of [0, 1]) {
    const store = new MemoryStore()
    for (let i = half; i < 30; i += 2) {
      const lifetime = { created: Date.now() + i, maxAge: 604_800 }
      const login: LoginRecord = { ...lifetime, authid: `user${i}`, authrole: 'frontend', authmethod: 'wampcra', authrealm: 'realm1' }
      store.set(`l${i}`, login)
      store.set(`c${i}`, { ...lifetime, login: `l${i}` })
    }
    router.logins.add(buildTracker({ store }).cookies)
  }
  const pages = await pagesOf(t, client, 'wamp.login.list') as { authid: string }[][]
  t.ok(pages.length > 5)
  t.same(pages.flat().map(({ authid }) => authid).toSorted(), Array.from({ length: 30 }, (_, i) => `user${i}`).toSorted())
})

t.test('an invalid cursor is an invalid argument', async (t) => {
  const client = await buildRouter({ limits }).join()
  for (const procedure of ['wamp.session.list', 'wamp.subscription.list', 'wamp.registration.list', 'wamp.login.list']) {
    for (const after of [5, [], true, ...procedure === 'wamp.login.list' ? [] : ['x', '', '-1', '1e3']]) t.match(await ask(client, procedure, [], { after }), [8, 48, 1, {}, 'wamp.error.invalid_argument'])
    t.equal((await ask(client, procedure, [], { after: null }))[0], 50)
  }
})
