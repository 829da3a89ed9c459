import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { buildApp } from '../../example-app/server.ts'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** What to do to run these tests, or null if nothing is missing. */
export const missing = existsSync(executablePath) ? null : `${executablePath} is missing: apt-get install chromium, or set CHROMIUM`

/** Where a failure must not look like a success, a missing browser is one. */
export const mustRun = process.env.CI === 'true'

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'
]

/** A browser, closed when the test ends. */
export async function launch (t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args })
  t.teardown(() => browser.close())
  return browser
}

/** The example app on a port of its own, which it keeps when it is started again. */
export class Example {
  readonly #cookieFile: string
  #app: FastifyInstance | undefined
  #port = 0

  private constructor (cookieFile: string) {
    this.#cookieFile = cookieFile
  }

  static async start (t: Test): Promise<Example> {
    const directory = await mkdtemp(join(tmpdir(), 'fastify-wamp-'))
    const example = new Example(join(directory, 'cookies.dat'))
    t.teardown(() => example.stop())
    await example.start()
    return example
  }

  get url (): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start (): Promise<void> {
    this.#app = await buildApp({ cookieFile: this.#cookieFile })
    await this.#app.listen({ port: this.#port, host: '127.0.0.1' })
    this.#port = (this.#app.server.address() as AddressInfo).port
  }

  async stop (): Promise<void> {
    await this.#app?.close()
  }
}

/** A tab of the example page: what is pressed and what is seen, in the words of the page. */
export class Tab {
  readonly page: Page
  /** What a developer would be shown in red. */
  readonly errors: string[] = []
  /** The WAMP messages since the page was loaded, in both directions. */
  messages: unknown[][] = []

  private constructor (page: Page) {
    this.page = page
    page.on('console', (message) => { if (message.type() === 'error') this.errors.push(message.text()) })
    page.on('pageerror', (error) => { this.errors.push(error.message) })
    page.on('websocket', (socket) => {
      const take = ({ payload }: { payload: string | Buffer }): void => { this.messages.push(JSON.parse(String(payload)) as unknown[]) }
      socket.on('framesent', take)
      socket.on('framereceived', take)
    })
  }

  static async open (context: BrowserContext, url: string): Promise<Tab> {
    const tab = new Tab(await context.newPage())
    await tab.page.goto(url)
    return tab
  }

  /** Waits until a text can be seen. */
  async sees (text: string | RegExp): Promise<void> {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor()
  }

  async press (name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click()
  }

  async logIn (password = '123456'): Promise<void> {
    await this.page.getByLabel('Password').fill(password)
    await this.press('Log in')
  }

  async reload (): Promise<void> {
    this.messages = []
    await this.page.reload()
  }

  /** The codes of the WAMP messages since the page was loaded. */
  get codes (): unknown[] {
    return this.messages.map(([code]) => code)
  }

  /** The entries of the feed, the newest first, without their times. */
  async entries (): Promise<string[]> {
    const entries = await this.page.locator('#feed li').all()
    return await Promise.all(entries.map(async (entry) =>
      `${await entry.locator('b').textContent()}: ${await entry.locator('p').last().textContent()}`))
  }
}
