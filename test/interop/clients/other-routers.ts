import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import type { Test } from 'tap'
import { json, wampcra, WampError } from 'fastify-wamp/client'
import { cbor } from 'fastify-wamp/client/cbor'
import { msgpack } from 'fastify-wamp/client/msgpack'
import { checkCalls, checkEvents } from '../../client/calls.ts'
import { openClient, reaches } from '../../client/scripted-router.ts'
import { freePort } from '../../helper/free-port.ts'
import { make, needsBuild } from './builds.ts'
import type { Build } from './builds.ts'

/** Other routers. They print a line when they listen on the address that is added to `start`, and know joe with the secret 123456. */
const routers: ReadonlyArray<Build & { readonly name: string, readonly version: string, readonly path: string, address (port: number): string }> = [
  {
    name: 'nexus',
    version: '3.3.0',
    folder: 'nexus-router',
    needs: { program: 'go', args: ['version'], install: 'install Go 1.25 or later' },
    commands: [['go', 'build', '-mod=readonly', '-o', 'router', '.']],
    start: ['./router'],
    path: '/',
    address: (port) => `127.0.0.1:${port}`
  },
  {
    name: 'Crossbar.io',
    version: '26.10.1',
    folder: 'crossbar-router',
    needs: { program: 'python3', args: ['-m', 'venv', '--help'], install: 'apt-get install python3-venv' },
    commands: [['python3', '-m', 'venv', 'venv'], ['venv/bin/python', '-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt']],
    start: ['venv/bin/python', 'start.py'],
    path: '/',
    address: String
  }
]

/** Starts a router. What is returned ends it. */
async function start (t: Test, router: (typeof routers)[number], port: number): Promise<() => Promise<void>> {
  const [program = '', ...args] = [...router.start, router.address(port)]
  const child = spawn(program, args, { cwd: make(router), stdio: ['ignore', 'pipe', 'ignore'], detached: true })
  const closed = once(child, 'close')
  const end = async (): Promise<void> => {
    try { process.kill(-child.pid!, 'SIGKILL') } catch {}
    await closed
  }
  t.teardown(end)
  await Promise.race([once(child.stdout, 'data'), closed.then(() => { throw new Error(`${router.name} has ended`) })])
  return end
}

for (const router of routers) {
  t.test(`the client with ${router.name} ${router.version}`, { ...needsBuild(router), timeout: 600_000 }, async (t) => {
    const port = await freePort()
    const url = `ws://127.0.0.1:${port}${router.path}`
    let end = await start(t, router, port)

    for (const serializer of [json(), msgpack(), cbor()]) {
      await t.test(serializer.subprotocol, async (t) => {
        const open = (): ReturnType<typeof openClient> => openClient(t, url, { serializers: [serializer], cookie: false, login: wampcra({ authid: 'joe', secret: '123456' }) })
        const [callee, caller] = [await open(), await open()]
        t.match(caller.principal, { authid: 'joe', authrole: 'user', authmethod: 'wampcra' })

        await checkCalls(t, { callee, caller })

        const stop = new AbortController()
        const interrupted = new Promise((resolve) => {
          callee.register('com.wait', ({ signal }) => new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              resolve(true)
              reject(signal.reason)
            })
            stop.abort(new Error('enough'))
          })).then(() => caller.call('com.wait', [], {}, { signal: stop.signal })).catch((error: Error) => { t.equal(error.message, 'enough') })
        })
        t.ok(await interrupted, 'the procedure is interrupted')

        await checkEvents(t, { callee, caller, topic: 'com.news', published: 'com.news.today', match: 'prefix' })
        await Promise.all([caller.leave(), callee.leave()])
      })
    }

    await t.test('the client returns after the router was killed, and restores its procedure', async (t) => {
      const session = await openClient(t, url, { cookie: false, retry: { first: 100, most: 500 } })
      await session.register('com.twice', ({ args: [x] }) => 2 * (x as number))
      await end()
      await reaches(session, 'waiting')
      end = await start(t, router, port)
      await reaches(session, 'open')
      const caller = await openClient(t, url, { cookie: false })
      const called = async (): Promise<unknown> => {
        try {
          return await caller.call('com.twice', [21])
        } catch (error) {
          // It is registered again shortly after the session has opened.
          if (error instanceof WampError && error.error === 'wamp.error.no_such_procedure') return await called()
          throw error
        }
      }
      t.equal(await called(), 42)
      await Promise.all([session.leave(), caller.leave()])
    })
  })
}
