import t from 'tap'
import { scramCredentials } from 'fastify-wamp'
import { everything } from '../helper/build-router.ts'
import { answerScram } from '../helper/scram-client.ts'
import type { ScramChallenge } from '../helper/scram-client.ts'
import { buildHost, forEachTransport } from '../helper/transports.ts'
import { HELLO } from '../helper/wire-client.ts'

const options = {
  realms: { realm1: { roles: { frontend: everything } } },
  auth: {
    'wamp-scram': {
      type: 'static',
      principals: {
        joe: { ...await scramCredentials('pencil', { kdf: 'pbkdf2', iterations: 4096 }), role: 'frontend' },
        ann: { ...await scramCredentials('brush', { iterations: 1, memory: 64 }), role: 'frontend' }
      }
    }
  }
} as const
const nonce = 'egVDf3DMJh0='
const hello = (authid: string, more: object = {}): unknown[] => [1, 'realm1', { ...HELLO[2], authmethods: ['wamp-scram'], authid, authextra: { nonce, ...more } }]

forEachTransport(t, 'a client that knows the password is logged in, and the router proves that it has the server key [SCR-01, SCR-03, SCR-05, SCR-06]', async (t, transport) => {
  const { connect } = await buildHost(t, transport, options)
  for (const [authid, password] of [['joe', 'pencil'], ['ann', 'brush']] as const) {
    const client = await connect()
    const [type, method, challenge] = await client.ask(hello(authid)) as [number, string, ScramChallenge]
    t.same([type, method], [4, 'wamp-scram'])
    const { signature, extra, verifier } = answerScram(challenge, { authid, password, nonce })
    t.match(await client.ask([5, signature, extra]), [2, Number, { authid, authrole: 'frontend', authmethod: 'wamp-scram', authprovider: 'static', authextra: { verifier } }])

    const wrong = await connect()
    const [, , again] = await wrong.ask(hello(authid)) as [number, string, ScramChallenge]
    t.match(await wrong.ask([5, answerScram(again, { authid, password: 'wrong', nonce }).signature, { nonce: again.nonce }]), [3, {}, 'wamp.error.authentication_denied'])

    const replayed = await connect()
    t.match(await replayed.ask(hello(authid)), [4])
    t.match(await replayed.ask([5, signature, extra]), [3, {}, 'wamp.error.authentication_denied'], 'what was heard once is good for nothing')
  }
})

forEachTransport(t, 'an unknown user is challenged like a known one; an unavailable binding is refused [SCR-02, AUT-10]', async (t, transport) => {
  const { connect } = await buildHost(t, transport, options)
  const salts = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const client = await connect()
    const [, , challenge] = await client.ask(hello('nobody')) as [number, string, ScramChallenge]
    salts.add(challenge.salt)
    const { signature, extra } = answerScram(challenge, { authid: 'nobody', password: 'pencil', nonce })
    t.match(await client.ask([5, signature, extra]), [3, {}, 'wamp.error.authentication_denied'])
  }
  t.equal(salts.size, 1)
  const client = await connect()
  t.match(await client.ask(hello('joe', { channel_binding: 'tls-exporter' })), [3, {}, 'wamp.error.authentication_failed'])
})
