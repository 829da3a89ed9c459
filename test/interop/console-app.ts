import { mkdtemp } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import wampPlugin, { wampConsole } from 'fastify-wamp'
import type { RoleOptions } from 'fastify-wamp'
import { snippetsOf } from '../docs/snippets.ts'

const everything: RoleOptions = { permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }] }

/** The roles of docs/console.md, as they are printed there. */
async function documentedRoles (): Promise<Record<'admin' | 'watcher', RoleOptions>> {
  const text = snippetsOf('docs/console.md').find(({ name }) => name === 'roles.ts')!.text
  const code = text.replace(/^import type .*\n/, '').replace(/(?<=roles): .*(?= =)/, '')
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`) as { roles: Record<'admin' | 'watcher', RoleOptions> }).roles
}

/** An app with a console, at a port that it keeps when it is started again. */
export class ConsoleApp {
  app!: FastifyInstance
  readonly #cookieFile: string
  #port = 0

  private constructor (cookieFile: string) {
    this.#cookieFile = cookieFile
  }

  static async start (t: Test): Promise<ConsoleApp> {
    const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const consoleApp = new ConsoleApp(join(directory, 'cookies.dat'))
    t.teardown(() => consoleApp.stop())
    await consoleApp.start()
    return consoleApp
  }

  get url (): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start (): Promise<void> {
    this.app = Fastify()
    await this.app.register(wampPlugin, {
      realms: { realm1: { roles: { ...await documentedRoles(), nothing: {}, user: everything } } },
      auth: { ticket: { type: 'static', principals: { joe: { ticket: 'secret', role: 'user' } } }, cookie: {} },
      cookie: { store: { type: 'file', filename: this.#cookieFile } },
      shutdownTimeout: 100
    })
    for (const role of ['admin', 'watcher', 'nothing']) await this.app.register(wampConsole, { path: `/console-of-${role}`, role })
    this.app.get<{ Params: { role: string }, Querystring: { as: string } }>('/login/:role', async ({ params: { role }, query: { as } }, reply) => {
      await reply.wampSignIn('realm1', { authid: as, role })
      return await reply.type('text/html').send('<link rel="icon" href="data:,">in')
    })
    await this.app.listen({ port: this.#port, host: '127.0.0.1' })
    this.#port = (this.app.server.address() as AddressInfo).port
  }

  async stop (): Promise<void> {
    await this.app.close()
  }
}

/** How far elements were moved that nobody had pressed, as browsers measure it. */
const shifted = `
  window.shifted = 0
  new PerformanceObserver((list) => { for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifted += value }).observe({ type: 'layout-shift', buffered: true })
`

/** The console in a browser: what is pressed and what is seen, in the words of the page. */
export class ConsolePage {
  readonly page: Page
  /** What a developer would be shown in red. */
  readonly errors: string[] = []

  private constructor (page: Page) {
    this.page = page
    page.on('console', (message) => { if (message.type() === 'error') this.errors.push(message.text()) })
    page.on('pageerror', (error) => { this.errors.push(error.message) })
  }

  /** Logs in with a role, and opens its console. */
  static async open (context: BrowserContext, { url }: ConsoleApp, role = 'admin', as = 'ann'): Promise<ConsolePage> {
    const opened = new ConsolePage(await context.newPage())
    await opened.page.addInitScript(shifted)
    await opened.page.goto(`${url}/login/${role}?as=${as}`)
    await opened.page.goto(`${url}/console-of-${role}`)
    return opened
  }

  async sees (text: string | RegExp): Promise<void> {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor()
  }

  async press (name: string | RegExp): Promise<void> {
    await this.page.getByRole('button', { name, exact: typeof name === 'string' }).filter({ visible: true }).click()
  }

  /** Goes to a section. */
  async goTo (section: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: section }).click()
    await this.page.locator('a[aria-current]').filter({ hasText: section }).waitFor()
  }

  async fill (label: string, value: string): Promise<void> {
    await this.page.getByLabel(label).filter({ visible: true }).fill(value)
  }

  /** The row of the section's table, or of the tail, that has a text; or the one whose cells, with spaces between them, fit a pattern. */
  row (text: string | RegExp): ReturnType<Page['locator']> {
    if (typeof text !== 'string') return this.page.getByRole('row', { name: text })
    return this.page.locator('tbody tr, .tail li').filter({ hasText: text, visible: true })
  }

  /** Waits until a row is there, or is gone. */
  async rowIs (text: string | RegExp, state: 'visible' | 'detached' = 'visible'): Promise<void> {
    await this.row(text).waitFor({ state })
  }
}
