import autobahn from 'autobahn'
import t from 'tap'
import { buildApp } from '../helper/build-app.ts'
import { everything } from '../helper/build-router.ts'
import { ClientKey } from '../helper/cryptosign.ts'
import { openAutobahn } from './autobahn-client.ts'
import { rejection } from './peer.ts'
import { needsAutobahnForPython } from './programs.ts'
import { PythonPeer } from './python-peer.ts'
import { openWampy } from './wampy-client.ts'

const [privateKey, stranger] = ['11'.repeat(32), '22'.repeat(32)]
const pubkey = new ClientKey(privateKey).publicKey
const options = {
  realms: { realm1: { roles: { frontend: everything } } },
  auth: { cryptosign: { type: 'static', principals: { joe: { authorizedKeys: [pubkey], role: 'frontend' } } } }
} as const
const joe = { authid: 'joe', authrole: 'frontend', authmethod: 'cryptosign', authprovider: 'static' }

t.test('AutobahnJS logs in by its key [CSG-01, CSG-03]', async (t) => {
  const { url } = await buildApp(t, options)
  const open = (seed: string): ReturnType<typeof openAutobahn> => {
    const pair = autobahn.nacl.sign.keyPair.fromSeed(Buffer.from(seed, 'hex'))
    return openAutobahn(t, url, {
      authmethods: ['cryptosign'],
      authextra: { pubkey: autobahn.auth_cryptosign.public_key(pair), trustroot: null, challenge: null, channel_binding: null },
      onchallenge: (_session, _method, extra) => autobahn.auth_cryptosign.sign_challenge(pair, extra)
    })
  }
  t.match((await open(privateKey)).welcome, joe)
  t.match(await rejection(open(stranger)), { reason: 'wamp.error.authentication_denied' })
})

t.test('wampy logs in by its key [CSG-01, CSG-03]', async (t) => {
  const { url } = await buildApp(t, options)
  const login = { authid: 'joe', authmethods: ['cryptosign'], authextra: { pubkey } }
  t.match((await openWampy(t, url, { login: { ...login, secret: privateKey } })).welcome, joe)
  t.match(await rejection(openWampy(t, url, { login: { ...login, secret: stranger } })), { errorUri: 'wamp.error.authentication_denied' })
})

t.test('Autobahn for Python logs in by its key [CSG-01, CSG-03]', needsAutobahnForPython(), async (t) => {
  const { url } = await buildApp(t, options)
  t.match(await (await PythonPeer.join(t, url, { authmethods: ['cryptosign'], privateKey })).welcome, joe)
  t.match(await rejection(PythonPeer.join(t, url, { authmethods: ['cryptosign'], privateKey: stranger })), { message: 'wamp.error.authentication_denied' })
})
