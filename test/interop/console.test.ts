import t from 'tap'
import type { Test } from 'tap'
import { CallResult, WampError } from 'fastify-wamp'
import type { InProcessSession, Received } from 'fastify-wamp'
import { WireClient, wireCodecs } from '../helper/wire-client.ts'
import { launch, missing, mustRun } from './browser.ts'
import { ConsoleApp, ConsolePage } from './console-app.ts'

const [json] = wireCodecs
const hostile = '<img src=x onerror="document.title=\'taken\'"><script>document.title="taken"</script>'

t.test('the console in Chromium', { skip: missing !== null && !mustRun ? missing : false }, async (t) => {
  t.equal(missing, null, 'a browser is there')
  const browser = await launch(t)

  /** A server, the app's own session, and a browser in which somebody with a role has the console open. */
  async function visit (t: Test, { role = 'admin', ...options }: Parameters<typeof browser.newContext>[0] & { role?: string } = {}) {
    const server = await ConsoleApp.start(t)
    const context = await browser.newContext(options)
    t.teardown(() => context.close())
    context.setDefaultTimeout(15_000)
    return { server, context, backend: server.app.wamp.join('realm1', { authid: 'backend' }), page: await ConsolePage.open(context, server, role) }
  }

  /** A client of role user. */
  async function joe (t: Test, { url }: ConsoleApp): Promise<WireClient> {
    const client = await WireClient.connect(t, `${url.replace('http', 'ws')}/ws`, json!)
    await client.ask([1, 'realm1', { roles: { subscriber: {}, callee: {} }, authmethods: ['ticket'], authid: 'joe' }])
    await client.ask([5, 'secret', {}])
    return client
  }

  await t.test('it shows its realm, its user, and the response time of the router', async (t) => {
    const { page } = await visit(t)
    await page.sees('Connected')
    await page.sees('realm1')
    await page.sees('ann · admin')
    await page.sees(/^[\d.]+ ms$/)
    await page.rowIs('this page')
    t.same(page.errors, [])
  })

  await t.test('sessions appear and disappear as they join and leave, and one is killed with a reason', async (t) => {
    const { server, page } = await visit(t)
    await page.rowIs('this page')
    t.equal(await page.row('this page').getByRole('button').count(), 0, 'nobody kills the own page')
    const client = await joe(t, server)
    await page.rowIs('joe')
    t.match(await page.row('joe').innerText(), /joe\s+user\s+ticket \/ static\s+\d+\s+Kill/)

    await page.row('joe').getByRole('button', { name: /^Kill session \d+$/ }).click()
    await page.fill('Reason, a URI', 'com.example.tired')
    await page.fill('Message to the client (optional)', 'good night')
    await page.press('Kill session')
    t.same(await client.next(), [6, { message: 'good night' }, 'com.example.tired'])
    await page.rowIs('joe', 'detached')
    await page.page.getByRole('dialog').waitFor({ state: 'hidden' })
    t.same(page.errors, [])
  })

  await t.test('subscriptions are listed, counted and followed, and say who holds them', async (t) => {
    const { server, backend, page } = await visit(t)
    await backend.subscribe('com.example.news', () => {})
    await backend.subscribe('com.example.', () => {}, { match: 'prefix' })
    await page.goTo('Subscriptions')
    await page.rowIs(/com\.example\.news exact 1 /)
    await page.rowIs(/com\.example\. prefix 1 /)

    const client = await joe(t, server)
    await client.ask([32, 1, {}, 'com.example.news'])
    await page.rowIs(/com\.example\.news exact 2 /)
    await page.row('com.example.news').getByRole('button', { name: /^List/ }).click()
    await page.page.getByRole('dialog').getByText('joe').waitFor()
    await page.press('Close')
    client.terminate()
    await page.rowIs(/com\.example\.news exact 1 /)

    await page.fill('Filter subscriptions', 'nothing like it')
    await page.sees('No entry matches the filter.')
    await page.fill('Filter subscriptions', 'NEWS')
    await page.rowIs('com.example.news')
    t.equal(await page.page.locator('#subscriptions tbody tr:visible').count(), 1)
    await backend.leave()
    await page.rowIs('com.example.news', 'detached')
    t.same(page.errors, [])
  })

  await t.test('registrations are listed and followed, and lead to a call', async (t) => {
    const { backend, page } = await visit(t)
    await page.goTo('Registrations')
    await page.sees('No registrations.')
    const registration = await backend.register('com.example.add2', ({ args: [x, y] }) => Number(x) + Number(y), { invoke: 'roundrobin' })
    await page.rowIs(/com\.example\.add2 exact roundrobin 1 /)
    await page.row('com.example.add2').getByRole('button', { name: /^Call/ }).click()
    t.equal(await page.page.getByLabel('Procedure').inputValue(), 'com.example.add2')
    await page.fill('Arguments, a JSON list', '[2, 3]')
    await page.page.locator('#call-args').press('Control+Enter')
    await page.sees(/^Result after [\d.]+ ms$/)
    t.same(JSON.parse(await page.page.locator('#call-output').innerText()), [5])
    await page.goTo('Registrations')
    await registration.unregister()
    await page.rowIs('com.example.add2', 'detached')
    t.same(page.errors, [])
  })

  await t.test('logins are listed, and one that is revoked ends the page that it let in', async (t) => {
    const { server, page } = await visit(t)
    const other = await browser.newContext({ userAgent: 'Phone/1' })
    t.teardown(() => other.close())
    const theirs = await ConsolePage.open(other, server, 'watcher', 'mary')
    await theirs.sees('Connected')
    await page.goTo('Logins')
    await page.rowIs(/^ann this browser /)
    await page.row('Phone/1').getByRole('button', { name: /^Revoke/ }).click()
    await page.press('Revoke login')
    await page.rowIs('Phone/1', 'detached')
    await theirs.sees('Your login has ended')
    await theirs.goTo('Sessions')
    t.equal(await theirs.page.locator('tbody tr').count(), 0, 'who comes next sees nothing of it')
    const [cookie] = await page.page.context().cookies()
    t.notOk((await page.page.content()).includes(cookie!.value), 'no cookie stands in the page')
    t.same(page.errors, [])
  })

  await t.test('messages under a prefix are shown as they come, held back, cleared, and kept in bounds', async (t) => {
    const { backend, page } = await visit(t)
    await page.goTo('Messages')
    await page.fill('Topics that start with', 'com.example.')
    await page.press('Listen')
    await page.sees('Listening to topics that start with com.example.')
    await backend.publish('org.example.other', ['not this'])
    await backend.publish('com.example.news', ['first', { n: 1 }], { from: 'shop' }, { disclose_me: true })
    await page.rowIs('["first",{"n":1}] {"from":"shop"}')
    t.match(await page.row('first').innerText(), /com\.example\.news[\s\S]*backend · trusted/)
    t.equal(await page.row('not this').count(), 0)

    await page.press('Pause')
    await backend.publish('com.example.news', ['second'])
    await page.sees('1 paused')
    t.equal(await page.row('second').count(), 0)
    await page.press('Pause')
    await page.rowIs('second')
    await page.press('Clear')
    await page.sees('No messages yet.')

    for (let i = 0; i < 700; i++) await backend.publish('com.example.flood', [`number ${i}`])
    await page.rowIs('number 699')
    t.equal(await page.page.locator('.tail li').count(), 500)
    t.match(await page.page.locator('.tail li').first().innerText(), /number 699/, 'the newest first')

    await backend.publish('com.example.octets', [Buffer.from([1, 2])])
    await page.rowIs('["\\u0000AQI="]')
    await page.press('Stop')
    await page.sees(/^Not listening/)
    await backend.publish('com.example.news', ['after that'])
    await page.press('Listen')
    await page.sees('Listening to topics that start with com.example.')
    t.equal(await page.row('after that').count(), 0)
    t.same(page.errors, [])
  })

  await t.test('the empty prefix stands for every topic', async (t) => {
    const { backend, page } = await visit(t)
    await page.goTo('Messages')
    await page.press('Listen')
    await page.sees('Listening to every topic.')
    await backend.publish('anything.at.all', [1])
    await page.rowIs('anything.at.all')
    await page.goTo('Subscriptions')
    await page.rowIs(/every URI prefix 1 /)
    t.same(page.errors, [])
  })

  await t.test('a call shows its result, results by progress, its error, and can be canceled', async (t) => {
    const { backend, page } = await visit(t)
    await register(backend)
    await page.goTo('Call')
    const call = async (uri: string, state: string | RegExp): Promise<string> => {
      await page.fill('Procedure', uri)
      await page.press('Call')
      await page.sees(state)
      return await page.page.locator('#call-output').innerText()
    }
    await page.fill('Keyword arguments, a JSON object', '{"a": null}')
    t.match(await call('com.example.echo', /^Result after/), /\[\]\s*\{\s*"a": null\s*\}/)
    t.match(await call('com.example.count', /^Last result after/), /1[\s\S]*2[\s\S]*3/)
    t.match(await call('com.example.fails', /^Error after/), /com\.example\.error[\s\S]*"no"[\s\S]*"why": 1/)
    t.match(await call('com.example.none', /^Error after/), /wamp\.error\.no_such_procedure/)

    await page.fill('Procedure', 'com.example.waits')
    await page.press('Call')
    await page.sees('Calling…')
    await page.press('Cancel')
    await page.sees(/^Error after/)
    t.match(await page.page.locator('#call-output').innerText(), /wamp\.error\.canceled/)

    await page.fill('Options, a JSON object', '{"timeout": 20}')
    t.match(await call('com.example.waits', /^Error after/), /wamp\.error\.timeout/)
    await page.fill('Arguments, a JSON list', '{}')
    await page.press('Call')
    await page.sees('Must be a JSON list.')
    await page.fill('Arguments, a JSON list', '[')
    await page.press('Call')
    await page.sees(/^Not valid JSON/)
    t.equal(await page.page.evaluate('document.activeElement.id + " " + document.activeElement.ariaInvalid'), 'call-args true', 'the field at fault is where one is')
    t.same(page.errors, [])
  })

  await t.test('an event published by hand arrives with its options', async (t) => {
    const { backend, page } = await visit(t)
    const come = new Promise<Received>((resolve) => { backend.subscribe('com.example.news', resolve).catch(() => {}) })
    await page.goTo('Publish')
    await page.fill('Topic', 'com.example.news')
    await page.fill('Arguments, a JSON list', '["hello"]')
    await page.fill('Keyword arguments, a JSON object', '{"n": 1}')
    await page.fill('Options, a JSON object', '{"retain": true}')
    await page.press('Publish')
    await page.sees(/^Published after/)
    const { args, kwargs, publication } = await come
    t.same([args, kwargs], [['hello'], { n: 1 }])
    t.equal(await page.page.locator('#publish-output').innerText(), `publication ${publication}`)
    await page.fill('Topic', 'wamp.session.on_join')
    await page.press('Publish')
    await page.sees(/^Error after/)
    t.same(page.errors, [])
  })

  await t.test('input from clients is shown as text: names, URIs, payloads and errors', async (t) => {
    const { server, backend, page } = await visit(t)
    const topic = hostile.replaceAll(' ', '/')
    const guest = server.app.wamp.join('realm1', { authid: `${hostile}\u202eevil`, role: 'user' })
    await guest.subscribe(topic, () => {})
    await guest.register(topic, () => { throw new WampError(topic, { args: [hostile], kwargs: { [hostile]: hostile } }) })
    await page.rowIs(`${hostile}\\u202eevil`)
    await page.row('evil').getByRole('button').click()
    await page.page.getByRole('dialog').getByText(hostile).waitFor()
    await page.press('Cancel')
    await page.goTo('Subscriptions')
    await page.rowIs(topic)
    await page.row(topic).getByRole('button', { name: /^List/ }).click()
    await page.page.getByRole('dialog').getByText(`${hostile}\\u202eevil`).waitFor()
    await page.press('Close')
    await page.goTo('Registrations')
    await page.row(topic).getByRole('button', { name: /^Call/ }).click()
    await page.press('Call')
    await page.sees(/^Error after/)
    t.ok((await page.page.locator('#call-output').innerText()).includes(topic))
    await page.goTo('Messages')
    await page.press('Listen')
    await page.sees('Listening to every topic.')
    await guest.publish(topic, [hostile], { [hostile]: hostile }, { disclose_me: true })
    await page.row(topic).filter({ hasText: `${hostile}\\u202eevil` }).waitFor()
    await backend.publish('com.example.end')
    await page.rowIs('com.example.end')
    t.equal(await page.page.locator('main img, main script, dialog img').count(), 0, 'no element was made of it')
    t.equal(await page.page.title(), 'realm1 – WAMP console')
    t.same(page.errors, [])
  })

  await t.test('it reconnects by itself when its session or its server ends, and continues where it was', async (t) => {
    const { server, page } = await visit(t)
    await page.goTo('Messages')
    await page.fill('Topics that start with', 'com.example.')
    await page.press('Listen')
    await page.sees('Listening to topics')
    server.app.wamp.kick('realm1', { authid: 'ann' }, 'com.example.tired')
    await page.sees('Ended: com.example.tired, trying again…')
    await page.sees('Connected')
    await page.sees('Listening to topics')

    await server.stop()
    await page.sees('trying again…')
    await page.sees('Not connected: listening resumes')
    await page.goTo('Call')
    t.ok(await page.page.getByRole('button', { name: 'Call', exact: true }).isDisabled(), 'nothing can be sent meanwhile')
    await page.goTo('Sessions')
    await page.sees('Not connected: the list may be out of date.')
    t.equal(await page.page.locator('#sessions tbody tr').count(), 1, 'what was there stays')

    await server.start()
    await page.page.evaluate("document.getElementById('again').click(); document.getElementById('again').click()")
    await page.sees('Connected')
    await page.sees('Live.')
    await page.goTo('Messages')
    await page.sees('Listening to topics')
    await server.app.wamp.join('realm1').publish('com.example.news', ['back again'])
    await page.rowIs('back again')
    t.equal(await page.row('back again').count(), 1, 'one subscription, not two')
    t.same(page.errors.filter((text) => !text.includes('ERR_CONNECTION_REFUSED')), [])
  })

  await t.test('missing permissions of a role are shown, and the rest works', async (t) => {
    const { server, context, page } = await visit(t, { role: 'watcher' })
    await joe(t, server)
    await page.rowIs('joe')
    await page.sees('Live.')
    await page.row('joe').getByRole('button').click()
    await page.press('Kill session')
    await page.page.getByRole('dialog').getByText('wamp.error.not_authorized').waitFor()
    await page.press('Cancel')
    await page.goTo('Logins')
    await page.sees('Your role may not list them.')
    await page.sees('Your role may not call wamp.login.list.')
    await page.goTo('Messages')
    await page.press('Listen')
    await page.sees('Your role may not subscribe to every topic.')
    await page.fill('Topics that start with', 'com.example.')
    await page.press('Listen')
    await page.sees('Listening to topics that start with com.example.')

    const nothing = await ConsolePage.open(context, server, 'nothing')
    for (const section of ['Sessions', 'Subscriptions', 'Registrations', 'Logins']) {
      await nothing.goTo(section)
      await nothing.sees('Your role may not list them.')
    }
    await nothing.sees('Your role may not call wamp.login.list, nor subscribe to wamp.login.on_revoke.')
    await nothing.goTo('Publish')
    await nothing.fill('Topic', 'com.example.news')
    await nothing.press('Publish')
    await nothing.sees(/^Your role may not do that after/)
    t.same([...page.errors, ...nothing.errors], [])
  })

  await t.test('no content is wider than the screen, nothing moves, and everything can be used with the keyboard', async (t) => {
    for (const options of [{ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true }, { viewport: { width: 1280, height: 720 } }]) {
      const { server, backend, page } = await visit(t, options)
      await register(backend)
      await joe(t, server)
      await page.rowIs('joe')
      for (const section of ['Subscriptions', 'Registrations', 'Logins', 'Messages', 'Call', 'Publish', 'Sessions']) {
        await page.goTo(section)
        t.equal(await page.page.evaluate('document.documentElement.scrollWidth - window.innerWidth'), 0, `${section} at ${options.viewport.width}`)
      }
      t.ok(await page.page.evaluate('window.shifted') as number < 0.02, 'nothing moves')
      await page.page.getByRole('link', { name: 'Sessions' }).focus()
      const seen = new Set<unknown>()
      for (let i = 0; i < 20; i++) {
        seen.add(await page.page.evaluate('document.activeElement.ariaLabel ?? document.activeElement.textContent.trim()'))
        await page.page.keyboard.press('Tab')
      }
      t.ok([...seen].some((name) => /^Kill session/.test(String(name))), 'the last button, too')
      t.equal(await page.page.evaluate('[...document.querySelectorAll("input, textarea")].filter((field) => field.labels.length === 0).length'), 0, 'each field has a label')
    }
  })
})

async function register (backend: InProcessSession): Promise<void> {
  await backend.register('com.example.echo', ({ args, kwargs }) => new CallResult(args, kwargs))
  await backend.register('com.example.count', ({ progress }) => {
    progress?.(1)
    progress?.(2)
    return 3
  })
  await backend.register('com.example.fails', () => { throw new WampError('com.example.error', { args: ['no'], kwargs: { why: 1 } }) })
  await backend.register('com.example.waits', async ({ signal }) => { await new Promise((resolve) => { signal.addEventListener('abort', resolve) }) })
}
