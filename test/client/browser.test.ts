import t from 'tap'
import { launch, missing, mustRun } from '../interop/browser.ts'
import { expectedReport, servePage } from './page-app.ts'

t.test('the client in Chromium, as the app serves it under a prefix and a strict Content-Security-Policy', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const { url, report } = await servePage(t)
  const page = await (await launch(t)).newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => { errors.push(error.message) })
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()) })
  await page.goto(url)
  t.same(await report, expectedReport, 'logged in by WAMP-CRA once, by the cookie after that')
  t.same(errors, [])
})
