import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import wampPlugin from 'fastify-wamp'
import type { FastifyWampOptions } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { InProcessClient } from '../helper/in-process-client.ts'
import { HELLO } from '../helper/wire-client.ts'

const LIMIT = 8

/** An app with a procedure that ignores its signal. `running` has what ends each of its calls. */
async function build (t: Test, options: Partial<FastifyWampOptions> = {}): Promise<{ app: FastifyInstance, running: Set<() => void>, join: () => Promise<InProcessClient> }> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: everything } } }, limits: { pendingInvocations: LIMIT }, ...options })
  const running = new Set<() => void>()
  await app.wamp.join('realm1').register('com.example.deaf', () => new Promise<void>((resolve) => {
    const end = (): void => {
      running.delete(end)
      resolve()
    }
    running.add(end)
  }))
  const join = async (): Promise<InProcessClient> => {
    const client = InProcessClient.connect(t, app)
    await client.join(HELLO[2])
    return client
  }
  return { app, running, join }
}

/** The answers to so many calls, each of which is canceled at once. */
async function cancelMany (client: InProcessClient, mode: string, first = 1): Promise<string[]> {
  for (let request = first; request < first + 20; request++) client.send([48, request, {}, 'com.example.deaf'], [49, request, { mode }])
  return (await client.fence()).map((answer) => String(answer[4]))
}

for (const mode of ['skip', 'killnowait'] as const) {
  t.test(`a canceled call of the app's procedure keeps its place until the procedure has ended, with ${mode}`, async (t) => {
    const { running, join } = await build(t)
    const [greedy, modest] = [await join(), await join()]
    const refused = (answers: string[]): number => answers.filter((error) => error === 'wamp.error.network_failure').length
    t.equal(refused(await cancelMany(greedy, mode)), 15)
    t.equal(running.size, 5, 'others have capacity')
    modest.send([48, 1, {}, 'com.example.deaf'])
    t.same(await modest.fence(), [])
    t.equal(running.size, 6)

    for (const end of [...running]) end()
    t.match(await modest.next(), [50, 1])
    t.equal(refused(await cancelMany(greedy, mode, 21)), 15)
    t.equal(running.size, 5, 'those that have ended make room')

    greedy.terminate()
    const next = await join()
    t.equal(refused(await cancelMany(next, mode)), 18, 'those of a caller that has left count, too')
    t.equal(running.size, 7)
    for (const end of [...running]) end()
    await modest.fence()
  })
}

t.test('a call that has timed out keeps its place until the procedure has ended, also for its concurrency', async (t) => {
  const { app, join } = await build(t)
  // The deadlines of calls do not keep the process alive.
  await app.listen({ port: 0, host: '127.0.0.1' })
  let end = (): void => {}
  await app.wamp.join('realm1').register('com.example.one', () => new Promise<void>((resolve) => { end = resolve }), { concurrency: 1 })
  const client = await join()
  client.send([48, 1, { timeout: 1 }, 'com.example.one'])
  t.match(await client.next(), [8, 48, 1, {}, 'wamp.error.timeout'])
  client.send([48, 2, {}, 'com.example.one'])
  t.match(await client.next(), [8, 48, 2, {}, 'wamp.error.no_available_callee'])
  end()
  await client.fence()
  client.send([48, 3, {}, 'com.example.one'])
  t.same(await client.fence(), [])
  end()
  t.match(await client.next(), [50, 3])
})

t.test('a canceled call whose procedure can never end does not keep its place', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (const mode of ['skip', 'killnowait']) {
    const { app, join } = await build(t)
    await app.wamp.join('realm1').register('com.example.never', () => new Promise(() => {}), { concurrency: 1 })
    const client = await join()
    for (let canceled = 0, request = 1; canceled < 2; request++) {
      client.send([48, request, {}, 'com.example.never'], [49, request, { mode }])
      if ((await client.fence()).some((answer) => answer[4] === 'wamp.error.canceled')) canceled++
      collect()
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    t.pass(mode)
  }
})

t.test('canceled calls of a dynamic authorizer count together for their client', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(wampPlugin, { realms: { realm1: { roles: { anonymous: { authorizer: 'com.example.decide' } } } }, limits: { pendingInvocations: LIMIT } })
  const asked: string[] = []
  const ends: (() => void)[] = []
  await app.wamp.join('realm1').register('com.example.decide', ({ args: [, uri] }) => {
    asked.push(String(uri))
    return new Promise<boolean>((resolve) => { ends.push(() => { resolve(true) }) })
  })
  const greedy = InProcessClient.connect(t, app)
  await greedy.join(HELLO[2])
  for (let request = 1; request <= 20; request++) {
    greedy.send([48, request, {}, `com.example.greedy${request}`])
    await new Promise((resolve) => { setImmediate(resolve) })
    greedy.send([49, request, {}])
    t.match(await greedy.next(), [8, 48, request])
  }
  t.equal(asked.length, 5)
  for (const end of ends) end()
})
