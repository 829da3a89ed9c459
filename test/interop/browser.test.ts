import t from 'tap'
import type { Test } from 'tap'
import { Example, launch, missing, mustRun, Tab } from './browser.ts'

const CHALLENGE = 4
const AUTHENTICATE = 5
const CANCEL = 49

t.test('the example page in Chromium', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const browser = await launch(t)

  /** A server, and a browser that has never been there. */
  async function visit (t: Test, options: Parameters<typeof browser.newContext>[0] = {}) {
    const example = await Example.start(t)
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    context.setDefaultTimeout(15_000)
    return { example, context, tab: await Tab.open(context, example.url) }
  }

  await t.test('a login by WAMP-CRA is remembered: a reload logs in without a challenge [CKL-01]', async (t) => {
    const { tab } = await visit(t)
    await tab.sees('Log in to continue.')
    t.notOk(tab.codes.includes(CHALLENGE), 'a new browser cannot log in with its cookie alone [CKL-07]')
    await tab.logIn()
    await tab.sees('Role: frontend. Logged in with a password.')
    t.match(tab.messages.find(([code]) => code === CHALLENGE), [CHALLENGE, 'wampcra'])

    await tab.reload()
    await tab.sees('You are joe')
    await tab.sees('Role: frontend. Logged in by the cookie of this browser.')
    t.notOk(tab.codes.includes(AUTHENTICATE), 'no password is asked for')
    t.same(tab.errors, [])
  })

  await t.test('scripts cannot read the cookie, and browsers do not send it for foreign pages [CKH-05]', async (t) => {
    const { tab, context } = await visit(t)
    await tab.logIn()
    await tab.sees('You are joe')
    const [cookie, ...others] = await context.cookies()
    t.match(cookie, { name: 'cbtid', httpOnly: true, sameSite: 'Lax', path: '/' })
    t.same(others, [])
    t.equal(await tab.page.evaluate('document.cookie'), '')
  })

  await t.test('a page reconnects by itself when its server has restarted, with its login', async (t) => {
    const { example, tab } = await visit(t)
    await tab.logIn()
    await tab.sees('Connected')
    await example.stop()
    await tab.sees('Connection lost. Reconnecting…')
    t.ok(await tab.page.getByRole('button', { name: 'Publish', exact: true }).isDisabled(), 'nothing can be sent meanwhile')
    t.ok(await tab.page.getByText('You are joe').isVisible(), 'what was there stays')

    await example.start()
    await tab.sees('Connected')
    await tab.sees('Logged in by the cookie of this browser.')
    await tab.page.getByLabel('Your message').fill('back again')
    await tab.press('Publish')
    await tab.sees('back again')
    t.same(await tab.entries(), ['joe: back again'], 'one subscription, not two')
    t.same(tab.errors.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')), [])
  })

  await t.test('the page asks for a login again if the login ended while the server was down', async (t) => {
    const { example, context, tab } = await visit(t)
    await tab.logIn()
    await tab.sees('Connected')
    await example.stop()
    await tab.sees('Connection lost. Reconnecting…')
    await context.clearCookies()
    await example.start()
    await tab.sees('Your login has ended.')
    await tab.logIn()
    await tab.sees('Logged in with a password.')
    t.ok(await tab.page.getByRole('button', { name: 'Publish', exact: true }).isEnabled())
  })

  await t.test('after a logout the browser is challenged again [CKO-01]', async (t) => {
    const { tab } = await visit(t)
    await tab.logIn()
    await tab.sees('You are joe')
    await tab.press('Log out')
    await tab.sees('You are logged out.')

    await tab.reload()
    await tab.sees('Log in to continue.')
    await tab.logIn()
    await tab.sees('Logged in with a password.')
    t.match(tab.messages.find(([code]) => code === CHALLENGE), [CHALLENGE, 'wampcra'])
    t.same(tab.errors, [])
  })

  await t.test('two tabs share the login and the feed, and a logout in one ends the other [CKO-03]', async (t) => {
    const { example, context, tab: first } = await visit(t)
    await first.logIn()
    await first.sees('You are joe')
    await first.sees('This browser')
    const second = await Tab.open(context, example.url)
    await second.sees('Logged in by the cookie of this browser.')

    await first.page.getByLabel('Your message').fill('from the first <b>tab</b>')
    await first.page.getByLabel('Your message').press('Enter')
    await second.sees('from the first <b>tab</b>')
    await second.page.getByLabel('Your message').fill('from the second')
    await second.press('Publish')
    for (const tab of [first, second]) {
      await tab.sees('from the second')
      t.same(await tab.entries(), ['joe: from the second', 'joe: from the first <b>tab</b>'])
    }

    await second.press('Log out')
    await first.sees('You are logged out.')
    t.same(await first.entries(), [], 'who comes next sees nothing of it')
    await first.reload()
    await first.sees('Log in to continue.')
    t.same([...first.errors, ...second.errors], [])
  })

  await t.test('a device of the list is logged out after a question, and the list shows at once who is logged in', async (t) => {
    const { example, tab } = await visit(t, { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36' })
    await tab.logIn()
    await tab.sees('Chrome on Linux')
    const phone = await browser.newContext({ userAgent: 'Mozilla/5.0 (Android 16; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0' })
    t.teardown(() => phone.close())
    const other = await Tab.open(phone, example.url)
    await other.logIn()
    await tab.sees('Firefox on Android')
    await tab.press('Log out Firefox on Android')
    await tab.press('Keep')
    t.ok(await other.page.getByText('You are joe').isVisible(), 'nothing has ended')
    await tab.press('Log out Firefox on Android')
    await tab.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click()
    await other.sees('You are logged out.')
    await tab.page.locator('#logins').getByText('Firefox on Android').waitFor({ state: 'detached' })
    t.same([...tab.errors, ...other.errors], [])
  })

  await t.test('a wrong password is told by the form, which stays where it is', async (t) => {
    const { tab } = await visit(t)
    const button = tab.page.getByRole('button', { name: 'Log in' })
    await button.waitFor()
    const before = await button.boundingBox()
    await tab.logIn('654321')
    const alert = tab.page.getByRole('alert').filter({ hasText: 'The user or password is wrong.' })
    await alert.waitFor()
    t.same(await button.boundingBox(), before)

    await tab.logIn()
    await tab.sees('You are joe')
    await tab.press('Log out')
    await tab.sees('You are logged out.')
    t.equal(await tab.page.getByRole('alert').filter({ visible: true }).count(), 0, 'the earlier error is hidden')
    t.same(tab.errors, [])
  })

  await t.test('a procedure is called, and its refusals are shown', async (t) => {
    const { tab } = await visit(t)
    await tab.logIn()
    await tab.page.getByLabel('First number').fill('-0.5')
    await tab.page.getByLabel('Second number').fill('42')
    await tab.press('Add')
    await tab.page.locator('#sum').filter({ hasText: '41.5' }).waitFor()
    const link = tab.page.getByRole('link', { name: '/api/sum?x=-0.5&y=42' })
    t.equal(await link.getAttribute('href'), '/api/sum?x=-0.5&y=42')

    await tab.page.getByLabel('First number').fill('')
    await tab.press('Add')
    await tab.page.getByRole('alert').filter({ hasText: 'Enter two numbers.' }).waitFor()
    t.equal(await tab.page.locator('#sum').textContent(), '–', 'no result of before')
    t.same(tab.errors, [])
  })

  await t.test('a long call shows its progress, and stops when it is canceled', async (t) => {
    const { tab } = await visit(t)
    await tab.logIn()
    await tab.page.getByLabel('Count the primes up to').fill('1000000')
    await tab.press('Count')
    await tab.page.locator('#primes').filter({ hasText: /^78.498$/ }).waitFor()

    await tab.page.getByLabel('Count the primes up to').fill('100000000')
    await tab.press('Count')
    await tab.page.locator('#progress:not([value="0"])').waitFor()
    t.ok(await tab.page.getByRole('button', { name: 'Count', exact: true }).isDisabled(), 'one at a time')
    await tab.press('Add')
    await tab.page.locator('#sum').filter({ hasText: '5' }).waitFor()
    await tab.press('Cancel')
    await tab.page.locator('#primes').filter({ hasText: 'canceled' }).waitFor()
    t.same(tab.messages.find(([code]) => code === CANCEL)?.[2], { mode: 'killnowait' })

    await tab.page.getByLabel('Count the primes up to').fill('2.5')
    await tab.press('Count')
    await tab.page.getByRole('alert').filter({ hasText: 'Enter a whole number from 2 to 100,000,000.' }).waitFor()
    t.ok(await tab.page.getByRole('button', { name: 'Cancel' }).isDisabled())
    t.same(tab.errors, [])
  })

  await t.test('a call whose answer is lost with the connection rejects', async (t) => {
    const { example, tab } = await visit(t)
    await tab.logIn()
    await tab.page.getByLabel('Count the primes up to').fill('100000000')
    await tab.press('Count')
    await tab.page.locator('#progress:not([value="0"])').waitFor()
    await example.stop()
    await tab.sees('Connection lost. Reconnecting…')
    await example.start()
    await tab.sees('Connected')
    t.ok(await tab.page.getByRole('button', { name: 'Count', exact: true }).isEnabled())
    t.equal(await tab.page.locator('#primes').textContent(), '–')
  })

  await t.test('an admin finds the console', async (t) => {
    const { example, tab } = await visit(t)
    await tab.page.getByLabel('User').fill('ann')
    await tab.logIn()
    await tab.sees('Role: admin')
    await tab.page.getByRole('link', { name: 'Console' }).click()
    await tab.page.getByText('Registrations').first().click()
    await tab.sees('com.example.primes')
    t.same(tab.errors, [])

    await tab.page.goto(example.url)
    await tab.press('Log out')
    await tab.sees('You are logged out.')
    await tab.page.getByLabel('User').fill('joe')
    await tab.logIn()
    await tab.sees('Role: frontend')
    t.notOk(await tab.page.getByText('Console').isVisible(), 'and nobody else does')
  })

  await t.test('a text posted over REST appears in the feed, with its author', async (t) => {
    const { example, tab } = await visit(t)
    await tab.logIn()
    await tab.sees('You are joe')
    await tab.press('Publish by REST')
    await tab.page.getByRole('alert').filter({ hasText: 'Enter a message first.' }).waitFor()
    await tab.page.getByLabel('Your message').fill('by the button')
    await tab.press('Publish by REST')
    await tab.sees('by the button')

    t.match(await tab.page.locator('#curl').textContent(), `curl ${example.url}/api/feed `)
    await fetch(`${example.url}/api/feed`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: 'from elsewhere' })
    })
    await tab.sees('from elsewhere')
    t.same(await tab.entries(), ['somebody, by REST: from elsewhere', 'joe, by REST: by the button'])
    t.same(tab.errors, [])
  })

  await t.test('no content is wider than the screen of a phone', async (t) => {
    const { tab } = await visit(t, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })
    const overhang = async (): Promise<unknown> => await tab.page.evaluate('document.documentElement.scrollWidth - visualViewport.width')
    await tab.page.getByRole('button', { name: 'Log in' }).waitFor()
    t.equal(await overhang(), 0, 'logged out')
    await tab.logIn()
    await tab.page.getByLabel('Your message').fill('w'.repeat(280))
    await tab.press('Publish')
    await tab.page.locator('#feed li').waitFor()
    t.equal(await overhang(), 0, 'logged in, with a word of 280 letters')
  })
})
