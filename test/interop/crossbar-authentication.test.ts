import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { Authority } from '../helper/certificates.ts'
import { ClientKey } from '../helper/cryptosign.ts'
import { everything, mayRegister, serve } from './crossbar-router.ts'
import { rejection } from './peer.ts'
import { needsAutobahnForPython, needsOpenssl } from './programs.ts'
import { PythonPeer } from './python-peer.ts'
import type { PythonPrincipal, PythonSettings } from './python-peer.ts'

// Configurations that mean what the authentication examples of Crossbar.io's do. What there is a component of the router is
// here a client of its own, which logs in at the path `inside`.

const authenticator = 'com.example.authenticate'
const inside = { auth: { ticket: { type: 'static', principals: { authenticator: { ticket: 'of the authenticator', role: 'authenticator' } } } } }
const joe = { authid: 'joe' }

/** Serves a dynamic method, with its authenticator in the realm `realm1`. */
async function serveDynamic (t: Test, method: string, principals: Readonly<Record<string, PythonPrincipal>>): Promise<{
  client: (settings: PythonSettings) => Promise<PythonPeer>, asked: () => Promise<unknown[]>, stop: () => Promise<unknown>
}> {
  const { url } = await serve(t, {
    realms: { realm1: [mayRegister('authenticator', authenticator), everything('frontend')], devices: [everything('device')] },
    paths: { inside, ws: { auth: { [method]: { type: 'dynamic', authenticator, 'authenticator-realm': 'realm1' } } } }
  })
  const peer = await PythonPeer.join(t, url('inside'), { authid: 'authenticator', authmethods: ['ticket'], secret: 'of the authenticator' })
  await peer.registerAuthenticator(authenticator, principals)
  return {
    client: async (settings) => await PythonPeer.join(t, url('ws'), { authmethods: [method], ...settings }),
    asked: async () => await peer.asked.next(),
    stop: async () => await peer.leave('wamp.close.normal')
  }
}

t.test('authentication as in Crossbar.io\'s examples, with Autobahn for Python', needsAutobahnForPython(), async (t) => {
  await t.test('anonymous, static: the role, the authid and the realm are the configured ones [ANO-01]', async (t) => {
    const { url } = await serve(t, {
      realms: { realm1: [everything('public'), everything('anonymous')] },
      paths: { plain: { auth: { anonymous: { type: 'static', role: 'public' } } }, named: { auth: { anonymous: { type: 'static', authid: 'somebody', role: 'public', realm: 'realm1' } } }, open: {} }
    })
    t.match(await (await PythonPeer.join(t, url('plain'), { authmethods: ['anonymous'] })).welcome, { authid: /./, authrole: 'public', authmethod: 'anonymous', authprovider: 'static' })
    t.match(await (await PythonPeer.join(t, url('named'))).welcome, { realm: 'realm1', authid: 'somebody', authrole: 'public' })
    t.match(await (await PythonPeer.join(t, url('open'))).welcome, { authrole: 'anonymous', authmethod: 'anonymous' })
  })

  await t.test('anonymous, dynamic: a procedure returns role and extra [DYN-01, DYN-02, DYN-03]', async (t) => {
    const { client, asked } = await serveDynamic(t, 'anonymous', { joe: { answer: { authid: 'joe', role: 'frontend', extra: { team: ['a', 1] } } } })
    t.match(await (await client(joe)).welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'anonymous', authprovider: 'dynamic', authextra: { team: ['a', 1] } })
    t.match(await asked(), ['realm1', 'joe', { authmethod: 'anonymous', session: Number, transport: { type: 'websocket' } }])
    t.match(await rejection(client({ authid: 'ann' })), { message: 'com.example.no_such_user' })
  })

  await t.test('ticket, static: the ticket comes from the environment [TIC-01, TIC-02]', async (t) => {
    process.env.FASTIFY_WAMP_TEST_TICKET = 'from the environment'
    const { url } = await serve(t, {
      realms: { realm1: [everything('frontend')] },
      // The name stands in the configuration as Crossbar.io reads it.
      paths: { ws: { auth: { ticket: { type: 'static', principals: { joe: { ticket: ['$', '{FASTIFY_WAMP_TEST_TICKET}'].join(''), role: 'frontend' } } } } } }
    })
    const settings = { ...joe, authmethods: ['ticket'], secret: 'from the environment' }
    t.match(await (await PythonPeer.join(t, url('ws'), settings)).welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'static' })
    t.match(await rejection(PythonPeer.join(t, url('ws'), { ...settings, secret: 'another' })), { message: 'wamp.error.not_authorized' })
    t.match(await rejection(PythonPeer.join(t, url('ws'), { ...settings, authid: 'ann' })), { message: 'wamp.error.not_authorized' })
  })

  await t.test('ticket, dynamic: the procedure checks the ticket, and its errors are the reasons [DYN-02, DYN-03, DYN-04, DYN-05]', async (t) => {
    const { client, asked, stop } = await serveDynamic(t, 'ticket', {
      joe: { ticket: 'right', answer: { realm: 'realm1', role: 'frontend', extra: { welcome: [1, 2, 3] } } },
      ann: { ticket: 'right', answer: 'frontend' },
      bob: { ticket: 'right', answer: { role: 'nobody' } },
      eve: { ticket: 'right', answer: 5 },
      tim: { ticket: 'right', answer: { role: 'device', realm: 'devices', authid: 'client-tim' } }
    })
    t.match(await (await client({ ...joe, secret: 'right' })).welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'ticket', authprovider: 'dynamic', authextra: { welcome: [1, 2, 3] } })
    t.match(await asked(), ['realm1', 'joe', { authmethod: 'ticket', ticket: 'right', session: Number }])
    t.match(await (await client({ authid: 'ann', secret: 'right' })).welcome, { authid: 'ann', authrole: 'frontend' }, 'a text is a role')
    t.match(await (await client({ authid: 'tim', secret: 'right' })).welcome, { realm: 'devices', authid: 'client-tim', authrole: 'device' }, 'another realm')
    t.match(await rejection(client({ ...joe, secret: 'wrong' })), { message: 'com.example.invalid_ticket' })
    t.match(await rejection(client({ authid: 'zoe', secret: 'right' })), { message: 'com.example.no_such_user' })
    t.match(await rejection(client({ authid: 'bob', secret: 'right' })), { message: 'wamp.error.no_such_role' })
    t.match(await rejection(client({ authid: 'eve', secret: 'right' })), { message: 'wamp.error.authentication_failed' })
    await stop()
    t.match(await rejection(client({ ...joe, secret: 'right' })), { message: 'wamp.error.authentication_failed' }, 'who is to ask is gone')
  })

  await t.test('wampcra, static: users log in, with and without a salt [CRA-01, CRA-03, CRA-04]', async (t) => {
    const users = { joe: { secret: 'secret2', role: 'frontend' }, peter: { secret: 'secret1', role: 'frontend', salt: 'salt123', iterations: 100, keylen: 16 } }
    const { url } = await serve(t, { realms: { realm1: [everything('frontend')] }, paths: { ws: { auth: { wampcra: { type: 'static', users } } } } })
    for (const [authid, secret] of [['joe', 'secret2'], ['peter', 'secret1']] as const) {
      const settings = { authid, authmethods: ['wampcra'], secret }
      t.match(await (await PythonPeer.join(t, url('ws'), settings)).welcome, { authid, authmethod: 'wampcra', authprovider: 'static' })
      t.match(await rejection(PythonPeer.join(t, url('ws'), { ...settings, secret: 'wrong' })), { message: 'wamp.error.not_authorized' })
    }
  })

  await t.test('wampcra, dynamic: a procedure knows the secret, salted or not [DYN-01, DYN-02, DYN-03, DYN-04]', async (t) => {
    const { client, asked } = await serveDynamic(t, 'wampcra', {
      joe: { answer: { secret: 'secret2', role: 'frontend' } },
      // What the password "secret1" gives with this salt.
      peter: { answer: { secret: 'prq7+YkJ1/KlW1X0YczMHw==', salt: 'salt123', iterations: 100, keylen: 16, role: 'frontend' } },
      ann: { answer: { role: 'frontend' } }
    })
    t.match(await (await client({ ...joe, secret: 'secret2' })).welcome, { authid: 'joe', authrole: 'frontend', authmethod: 'wampcra', authprovider: 'dynamic' })
    t.match(await asked(), ['realm1', 'joe', { authmethod: 'wampcra', authid: 'joe', session: Number, transport: Object }])
    t.match(await (await client({ authid: 'peter', secret: 'secret1' })).welcome, { authid: 'peter' })
    t.match(await rejection(client({ ...joe, secret: 'wrong' })), { message: 'wamp.error.not_authorized' })
    t.match(await rejection(client({ authid: 'zoe', secret: 'secret2' })), { message: 'com.example.no_such_user' })
    t.match(await rejection(client({ authid: 'ann', secret: 'secret2' })), { message: 'wamp.error.authentication_failed' }, 'no secret')
  })

  const [first, second, stranger] = ['11'.repeat(32), '22'.repeat(32), '33'.repeat(32)]
  const publicKey = (privateKey: string): string => new ClientKey(privateKey).publicKey

  await t.test('cryptosign, static: a principal logs in with any of its keys, with or without its authid [CSG-01, CSG-05]', async (t) => {
    const principals = { 'client@example.com': { realm: 'devices', role: 'device', authorized_keys: [first, second].map(publicKey) } }
    const { url } = await serve(t, { realms: { devices: [everything('device')] }, paths: { ws: { auth: { cryptosign: { type: 'static', principals } } } } })
    for (const privateKey of [first, second]) {
      t.match(await (await PythonPeer.join(t, url('ws'), { realm: 'devices', authmethods: ['cryptosign'], privateKey })).welcome, { realm: 'devices', authid: 'client@example.com', authrole: 'device', authmethod: 'cryptosign' })
    }
    t.match(await rejection(PythonPeer.join(t, url('ws'), { realm: 'devices', authmethods: ['cryptosign'], privateKey: stranger })), { message: 'wamp.error.not_authorized' })
  })

  await t.test('cryptosign, dynamic: a procedure knows the public keys [DYN-02, DYN-03, DYN-04]', async (t) => {
    const { client, asked } = await serveDynamic(t, 'cryptosign', {
      [publicKey(first)]: { answer: { pubkey: publicKey(first), realm: 'devices', authid: 'client@example.com', role: 'device', extra: { foo: 23 }, cache: true } }
    })
    t.match(await (await client({ realm: 'devices', privateKey: first })).welcome, { realm: 'devices', authid: 'client@example.com', authrole: 'device', authprovider: 'dynamic', authextra: { foo: 23 } })
    t.match(await asked(), ['devices', null, { authmethod: 'cryptosign', authextra: { pubkey: publicKey(first) } }])
    t.match(await rejection(client({ realm: 'devices', privateKey: stranger })), { message: 'com.example.no_such_user' })
  })

  await t.test('over TLS', needsOpenssl(), async (t) => {
    const authority = await Authority.create(t)
    const [router, client] = await Promise.all([authority.sign('router'), authority.sign('client')])
    const files = { 'ca.crt': authority.cert, 'router.crt': router.cert, 'router.key': router.key, 'client.crt': client.cert, 'client.key': client.key }
    const tls = { certificate: 'router.crt', key: 'router.key' }
    const { fingerprint: sha1 } = new X509Certificate(client.cert)
    const pathsIn = (directory: string): NonNullable<PythonSettings['tls']> => {
      const path = (name: string): string => join(directory, '.crossbar', name)
      return { ca: path('ca.crt'), cert: path('client.crt'), key: path('client.key') }
    }

    await t.test('a client logs in by cryptosign if TLS terminates in the router [CSG-01]', async (t) => {
      const principals = { joe: { role: 'device', authorized_keys: [publicKey(first)] } }
      const { url, directory } = await serve(t, { realms: { realm1: [everything('device')] }, paths: { ws: { serializers: ['cbor'], auth: { cryptosign: { type: 'static', principals } } } }, tls, files })
      const { ca } = pathsIn(directory)
      t.match(await (await PythonPeer.join(t, url('ws'), { authmethods: ['cryptosign'], privateKey: first, serializer: 'cbor', tls: { ca } })).welcome, { authid: 'joe', authrole: 'device' })
    })

    await t.test('a client certificate logs in, by its fingerprint or by a procedure [TLS-02, DYN-02]', async (t) => {
      const principals = { client_0: { 'certificate-sha1': sha1, role: 'backend' } }
      const { url, directory } = await serve(t, {
        realms: { realm1: [mayRegister('authenticator', authenticator), everything('backend')] },
        paths: { inside, ws: { auth: { tls: { type: 'static', principals } } }, asking: { auth: { tls: { type: 'dynamic', authenticator } } } },
        tls: { ...tls, ca_certificates: ['ca.crt'] },
        files
      })
      const certificate = pathsIn(directory)
      t.match(await (await PythonPeer.join(t, url('ws'), { authmethods: ['tls'], tls: certificate })).welcome, { authid: 'client_0', authrole: 'backend', authmethod: 'tls', authprovider: 'static' })

      const peer = await PythonPeer.join(t, url('inside'), { authid: 'authenticator', authmethods: ['ticket'], secret: 'of the authenticator', tls: certificate })
      await peer.registerAuthenticator(authenticator, { joe: { answer: { authid: 'client', role: 'backend' } } })
      t.match(await (await PythonPeer.join(t, url('asking'), { ...joe, authmethods: ['tls'], tls: certificate })).welcome, { authid: 'client', authrole: 'backend', authprovider: 'dynamic' })
      t.match(await peer.asked.next(), ['realm1', 'joe', { authmethod: 'tls', transport: { peer_cert: { subject: { cn: 'client' }, issuer: { cn: 'authority' }, sha1 } } }])
      t.match(await rejection(PythonPeer.join(t, url('asking'), { authid: 'ann', authmethods: ['tls'], tls: certificate })), { message: 'com.example.no_such_user' })
    })
  })

  await t.test('a login in a cookie database persists across a restart [CKL-01]', async (t) => {
    const { url } = await serve(t, {
      realms: { realm1: [everything('frontend')] },
      paths: { ws: { cookie: { store: { type: 'database', path: '.cookies' } }, auth: { wampcra: { type: 'static', users: { joe: { secret: '123456', role: 'frontend' } } }, cookie: {} } } }
    })
    const settings = { ...joe, authmethods: ['cookie', 'wampcra'], secret: '123456' }
    const { setCookie } = await PythonPeer.join(t, url('ws'), settings)
    const again = await PythonPeer.join(t, url('ws'), { ...settings, headers: { Cookie: setCookie!.split(';')[0]! } })
    t.match(await again.welcome, { authid: 'joe', authmethod: 'wampcra', authprovider: 'cookie' })
    t.same(again.challenges, [])
  })

  await t.test('an authorizer decides for a role, and is called once if it caches the decision [AZN-02, AZN-09, AZN-10, AZN-12]', async (t) => {
    const authorizer = 'com.example.auth'
    const principals = { authorizer: { ticket: 'secret123', role: 'authorizer' }, app: { ticket: 'secret456', role: 'app' } }
    const { url } = await serve(t, {
      realms: { realm1: [mayRegister('authorizer', authorizer), { name: 'app', authorizer }] }, paths: { ws: { auth: { ticket: { type: 'static', principals } } } }
    })
    const join = async (authid: 'authorizer' | 'app'): Promise<PythonPeer> => await PythonPeer.join(t, url('ws'), { authid, authmethods: ['ticket'], secret: principals[authid].ticket })
    const [peer, app] = [await join('authorizer'), await join('app')]
    t.match(await rejection(app.register('com.example.echo')), { message: 'wamp.error.authorization_failed' }, 'nobody to ask: refused')
    await peer.registerAuthorizer(authorizer, { 'register com.example.echo': true, 'call com.example.echo': { allow: true, cache: true } })
    await app.register('com.example.echo')
    t.match(await peer.asked.next(), [{ session: Number, authid: 'app', authrole: 'app', authmethod: 'ticket' }, 'com.example.echo', 'register', {}])
    for (let i = 0; i < 2; i++) t.match(await app.call('com.example.echo', { args: [i], kwargs: {} }), { error: null, args: [i] })
    t.match(await app.call('com.example.other', { args: [], kwargs: {} }), { error: 'wamp.error.not_authorized' })
    for (const uri of ['com.example.echo', 'com.example.other']) t.match(await peer.asked.next(), [Object, uri, 'call', {}], 'once each')
  })
})
