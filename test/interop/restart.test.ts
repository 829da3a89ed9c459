import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import autobahn from 'autobahn'
import t from 'tap'
import type { Test } from 'tap'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { launch, missing, mustRun } from './browser.ts'
import { Inbox } from './peer.ts'
import { needsAutobahnForPython, python } from './programs.ts'

// It tells the console of the end of every connection.
autobahn.log.warn = () => {}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const bundle = (path: string): string => file(`../../node_modules/${path}`)

type WampySocket = NonNullable<NonNullable<ConstructorParameters<typeof Wampy>[1]>['ws']>

/** An app in a process of its own, which keeps its port when it is started again. */
class RestartingApp {
  #child: ChildProcess | undefined
  #port = '0'

  static async start (t: Test): Promise<RestartingApp> {
    const app = new RestartingApp()
    t.teardown(() => app.stop('SIGKILL'))
    await app.start()
    return app
  }

  get url (): string { return `http://127.0.0.1:${this.#port}` }
  get ws (): string { return `ws://127.0.0.1:${this.#port}/ws` }

  async start (): Promise<void> {
    const child = spawn(process.execPath, [...process.execArgv, file('restarting-app.ts'), this.#port], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    const [line] = await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(60_000) }) as [string]
    this.#port = new URL(line).port
  }

  async stop (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child!
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
}

/** Restarts the app in both ways, and waits for all to come back: each puts something into its inbox when it has joined. */
async function restart (t: Test, app: RestartingApp, joined: Readonly<Record<string, Inbox<unknown>>>): Promise<void> {
  for (const inbox of Object.values(joined)) await inbox.next()
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await app.stop(signal)
    await app.start()
    for (const [name, inbox] of Object.entries(joined)) {
      await inbox.next()
      t.pass(`${name} is back after ${signal}`)
    }
  }
}

t.test('AutobahnJS and Wampy reconnect after a restart [SES-15]', async (t) => {
  const app = await RestartingApp.start(t)
  const joined = { AutobahnJS: new Inbox<unknown>(), Wampy: new Inbox<unknown>() }

  const connection = new autobahn.Connection({ url: app.ws, realm: 'realm1' })
  connection.onopen = ({ id }) => { joined.AutobahnJS.put(id) }
  t.teardown(() => { connection.close() })
  connection.open()

  const wampy = new Wampy(app.ws, {
    realm: 'realm1',
    ws: WebSocket as unknown as WampySocket,
    onReconnectSuccess: () => { joined.Wampy.put('again') }
  })
  t.teardown(() => wampy.disconnect())
  joined.Wampy.put(await wampy.connect())

  await restart(t, app, joined)
})

t.test('a component of Autobahn for Python reconnects after a restart [SES-15]', needsAutobahnForPython(), async (t) => {
  const app = await RestartingApp.start(t)
  const joined = new Inbox<unknown>()
  const child = spawn(python, [file('python/returning.py'), app.ws], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  createInterface(child.stdout).on('line', (line) => { joined.put(line) })
  await restart(t, app, { Autobahn: joined })
})

t.test('AutobahnJS and Wampy in Chromium reconnect after a restart [SES-15]', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  const app = await RestartingApp.start(t)
  const joined = { AutobahnJS: new Inbox<unknown>(), Wampy: new Inbox<unknown>() }
  const page = await (await launch(t)).newPage()
  await page.exposeFunction('joined', (name: keyof typeof joined) => { joined[name].put(name) })
  await page.goto(app.url)
  await page.addScriptTag({ path: bundle('autobahn-browser/autobahn.min.js') })
  await page.addScriptTag({ path: bundle('wampy/dist/browser/wampy.min.js') })
  await page.evaluate(`(async () => {
    const url = ${JSON.stringify(app.ws)}
    const connection = new autobahn.Connection({ url, realm: 'realm1' })
    connection.onopen = () => { joined('AutobahnJS') }
    connection.open()
    const wampy = new Wampy(url, { realm: 'realm1', onReconnectSuccess: () => { joined('Wampy') } })
    await wampy.connect()
    joined('Wampy')
  })()`)
  await restart(t, app, joined)
})
