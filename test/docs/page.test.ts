import t from 'tap'
import type { Test } from 'tap'
import { launch, missing, mustRun } from '../interop/browser.ts'
import { start, writeFiles } from './snippets.ts'

const skip = missing !== null && !mustRun ? missing : false

t.test('the page of the guide shows the feed, in Chromium', { skip }, async (t) => {
  await showsFeed(t, '<script type="module" src="/page.js"></script>')
})

t.test('the page of the guide does so with AutobahnJS', { skip }, async (t) => {
  await showsFeed(t, '<script src="/autobahn.min.js"></script><script src="/autobahn.js" defer></script>')
})

async function showsFeed (t: Test, scripts: string): Promise<void> {
  const { url } = await start(t, writeFiles(t, 'docs/add-wamp.md', {
    'main.ts': `
import { readFileSync } from 'node:fs'
import { app } from './app.ts'
import './wamp.ts'
import './logout.ts'
const file = (path: string, type: string, text: string): void => { app.get(path, async (_request, reply) => await reply.type(type).send(text)) }
file('/', 'text/html', '<title>Tasks</title><button>Add milk</button>${scripts}')
file('/login', 'text/html', '<title>Log in</title>')
file('/autobahn.min.js', 'text/javascript', readFileSync(new URL(import.meta.resolve('autobahn-browser')), 'utf8'))
for (const name of ['page.js', 'autobahn.js']) file(\`/\${name}\`, 'text/javascript', readFileSync(name, 'utf8'))
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
`
  }))
  const browser = await launch(t)
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  // Nobody is logged in: the page says so by going there.
  await page.goto(url)
  await page.waitForURL('**/login')
  await page.evaluate("fetch('/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'joe' }) })")
  const subscribed = page.waitForEvent('websocket').then(async (socket) => {
    await socket.waitForEvent('framereceived', ({ payload }) => String(payload).startsWith('[33,'))
  })
  await page.goto(url)
  await subscribed
  await page.getByRole('button').click()
  await page.getByText('joe: milk').waitFor()
  await page.evaluate("fetch('/tasks', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ title: 'bread' }) })")
  await page.getByText('joe: bread').waitFor()
  t.match(await page.locator('body').textContent(), /joe: milk\n[^]*joe: bread\n/)

  // The session ends, the page tries again, and is told that nobody is logged in.
  await page.evaluate("fetch('/logout', { method: 'POST' })")
  await page.waitForURL('**/login')
  t.equal(await page.title(), 'Log in')
}
