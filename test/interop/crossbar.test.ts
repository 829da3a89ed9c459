import t from 'tap'
import { Command } from './command.ts'
import { joe } from './logins.ts'
import { rejection } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'

// As in Crossbar.io's example of cookie authentication.
const configuration = {
  version: 2,
  workers: [{
    type: 'router',
    realms: [{
      name: 'realm1',
      roles: [{
        name: 'frontend',
        permissions: [{ uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true }, disclose: { caller: false, publisher: false }, cache: true }]
      }]
    }],
    transports: [{
      type: 'web',
      endpoint: { type: 'tcp', port: 8080 },
      paths: {
        '/': { type: 'static', directory: '../web' },
        ws: {
          type: 'websocket',
          cookie: { store: { type: 'file', filename: 'cookies.dat' } },
          auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} }
        }
      }
    }]
  }]
}

t.test('a configuration like Crossbar.io\'s cookie example, with Autobahn for Python', needsAutobahnForPython(), async (t) => {
  const directory = t.testdir({ '.crossbar': { 'config.json': JSON.stringify(configuration) }, web: { 'index.html': '<p>the example page</p>' } })
  const command = new Command(t, directory)
  const url = await command.start()
  const first = await PythonPeer.join(t, webSocket(url), joe)
  const headers = cookieOf(first)
  const other = await PythonPeer.join(t, webSocket(url), joe)
  const otherHeaders = cookieOf(other)

  await t.test('its page is served, and a wrong password is refused', async (t) => {
    t.equal(await (await fetch(url)).text(), '<p>the example page</p>')
    t.match(await rejection(PythonPeer.join(t, webSocket(url), { ...joe, secret: '654321' })), { message: 'wamp.error.not_authorized' })
  })

  await t.test('an unknown client is challenged, and receives a cookie [CKL-07, CKH-03]', async (t) => {
    t.match(await first.welcome, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'static' })
    t.same(first.challenges, ['wampcra'])
    t.match(headers.Cookie, /^cbtid=./)
  })

  await t.test('a client with the cookie reconnects without a challenge [CKL-01]', async (t) => {
    const again = await PythonPeer.join(t, webSocket(url), { ...joe, headers })
    t.match(await again.welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'cookie' })
    t.same(again.challenges, [])
    await again.register('com.example.echo')
    t.match(await first.call('com.example.echo', { args: ['hello'], kwargs: {} }), { error: null, args: ['hello'] })
  })

  await t.test('a client that has logged out is challenged again [CKO-01]', async (t) => {
    t.equal(await other.leave('wamp.close.logout'), 'wamp.close.normal')
    const again = await PythonPeer.join(t, webSocket(url), { ...joe, headers: otherHeaders })
    t.same(again.challenges, ['wampcra'])
    t.match(await again.welcome, { authprovider: 'static' })
  })

  await command.stop()
  t.equal(await first.left, 'wamp.close.transport_lost')
  const restarted = webSocket(await command.start())

  await t.test('a login persists across a restart, until the user logs out [CKL-01, CKO-01]', async (t) => {
    const again = await PythonPeer.join(t, restarted, { ...joe, headers })
    t.match(await again.welcome, { authid: 'joe', authmethod: 'wampcra', authprovider: 'cookie' })
    t.same(again.challenges, [])
    t.equal(await again.leave('wamp.close.logout'), 'wamp.close.normal')
    t.same((await PythonPeer.join(t, restarted, { ...joe, headers })).challenges, ['wampcra'])
  })

  await t.test('a logout persists across a restart [CKO-11]', async (t) => {
    t.same((await PythonPeer.join(t, restarted, { ...joe, headers: otherHeaders })).challenges, ['wampcra'])
  })
})

function webSocket (url: string): string {
  return `${url.replace('http', 'ws')}/ws`
}

/** The header that brings back the cookie which this client was handed. */
function cookieOf ({ setCookie }: PythonPeer): { Cookie: string } {
  return { Cookie: setCookie?.split(';')[0] ?? '' }
}
