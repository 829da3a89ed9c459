import { createPublicKey, verify } from 'node:crypto'
import t from 'tap'
import type { Attempt } from '../../plugin/auth/authenticator.ts'
import { cryptosignAuthenticator } from '../../plugin/auth/cryptosign-authenticator.ts'
import { verifyStaticUsers } from '../../plugin/auth/cookie-authenticator.ts'
import type { CryptosignOptions } from '../../plugin/auth-options.ts'
import type { TlsChannel } from '../../plugin/transport/transport.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import { ClientKey } from '../helper/cryptosign.ts'

const realms = { realm1: { roles: { frontend: everything } }, realm2: { roles: { frontend: everything } } }
const [joe, ann, eve] = ['11', '22', '33'].map((octet) => new ClientKey(octet.repeat(32))) as [ClientKey, ClientKey, ClientKey]
const principals = { joe: { authorizedKeys: [eve.publicKey, joe.publicKey.toUpperCase()], role: 'frontend' }, ann: { authorizedKeys: [ann.publicKey], role: 'frontend', realm: 'realm2' } }
const channelId = Buffer.alloc(32, 0xa5)
/** A channel as TLS 1.3 has it. */
const channel: TlsChannel = { peerCertificate: null, channelBinding: (type) => type === 'tls-exporter' ? channelId : null }

const denied = [3, { message: 'the signature is wrong' }, 'wamp.error.authentication_denied']
const failed = (message: string): unknown[] => [3, { message }, 'wamp.error.authentication_failed']

type Extra = Record<string, unknown>
/** Says HELLO, answers a CHALLENGE, and returns all that came. */
async function login (details: { authid?: string, authextra?: Extra }, answer?: (extra: Extra) => string, { tls = null, ...options }: { tls?: TlsChannel | null } & Partial<CryptosignOptions> = {}): Promise<unknown[][]> {
  const { connect, logged } = buildRouter({ realms, auth: { cryptosign: { type: 'static', principals, ...options } } })
  const client = connect()
  client.tls = tls
  client.say(helloAs({ authmethods: ['cryptosign'], ...details }))
  await settled()
  const [last] = client.sent
  if (last?.[0] === 4 && answer !== undefined) client.say([5, answer(last[2] as Extra), {}])
  await settled()
  client.connection.closed()
  t.same(logged, [])
  return client.sent
}

t.test('a client with an authorized key is logged in, by its authid or by its key alone [CSG-01, CSG-02, CSG-03, CSG-05, CSG-06]', async (t) => {
  for (const pubkey of [joe.publicKey, joe.publicKey.toUpperCase()]) {
    for (const authid of [{ authid: 'joe' }, {}]) {
      const [challenge, welcome] = await login({ ...authid, authextra: { pubkey } }, ({ challenge }) => joe.answer(challenge))
      t.match(challenge, [4, 'cryptosign', { challenge: /^[0-9a-f]{64}$/, channel_binding: null }])
      t.same(Object.keys(challenge![2] as Extra), ['challenge', 'channel_binding'])
      t.match(welcome, [2, Number, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'cryptosign', authprovider: 'static' }])
    }
  }
  t.match(await login({ authextra: { pubkey: eve.publicKey } }, ({ challenge }) => eve.answer(challenge).toUpperCase()), [[4], [2, Number, { authid: 'joe' }]], 'by another of the keys')
  t.match(await login({ authextra: { pubkey: ann.publicKey } }, ({ challenge }) => ann.answer(challenge)), [[4], [2, Number, { realm: 'realm2', authid: 'ann' }]], 'into the principal\'s realm')
})

t.test('each challenge is different [CSG-02]', async (t) => {
  const challenges = [await login({ authextra: { pubkey: joe.publicKey } }), await login({ authextra: { pubkey: joe.publicKey } })]
  t.notSame(challenges[0], challenges[1])
})

t.test('a signature is valid only for its own message and key [CSG-03, AUT-09]', async (t) => {
  for (const answer of [
    () => '', () => 'x'.repeat(192), () => '0'.repeat(192), () => '0'.repeat(190),
    ({ challenge }: Extra) => ann.answer(challenge),
    ({ challenge }: Extra) => joe.answer(challenge).slice(0, 128),
    ({ challenge }: Extra) => `${joe.answer(challenge)}00`,
    ({ challenge }: Extra) => `${joe.answer(challenge).slice(0, -2)}  `,
    () => joe.answer('00'.repeat(32)),
    ({ challenge }: Extra) => joe.answer('00'.repeat(32)).slice(0, 128) + String(challenge),
    ({ challenge }: Extra) => joe.answer(challenge, channelId)
  ]) t.match(await login({ authid: 'joe', authextra: { pubkey: joe.publicKey } }, answer), [[4], denied])
})

t.test('an unknown client is challenged and refused in the same way as one with a wrong signature [AUT-10, CSG-05]', async (t) => {
  const stranger = new ClientKey('44'.repeat(32))
  for (const [authid, key] of [['joe', stranger], ['nobody', joe], ['__proto__', joe], ['ann', joe], [undefined, stranger]] as const) {
    const sent = await login({ ...authid === undefined ? {} : { authid }, authextra: { pubkey: key.publicKey } }, ({ challenge }) => key.answer(challenge))
    t.match(sent, [[4, 'cryptosign', { challenge: /^[0-9a-f]{64}$/, channel_binding: null }], denied])
  }
  t.match(await login({ authextra: { pubkey: 'ff'.repeat(32) } }, () => '0'.repeat(192)), [[4], denied], 'a key that is no point of the curve')
})

t.test('a key of several principals does not identify one, so the client must send an authid [CSG-05]', async (t) => {
  const shared = { joe: { authorizedKeys: [joe.publicKey], role: 'frontend' }, sue: { authorizedKeys: [joe.publicKey.toUpperCase()], role: 'frontend' } }
  const answer = ({ challenge }: Extra): string => joe.answer(challenge)
  t.match(await login({ authextra: { pubkey: joe.publicKey } }, answer, { principals: shared }), [[4], denied])
  t.match(await login({ authid: 'sue', authextra: { pubkey: joe.publicKey } }, answer, { principals: shared }), [[4], [2, Number, { authid: 'sue' }]])
})

t.test('the values of HELLO are read from authextra and validated [CSG-01, CSG-06, TRP-51]', async (t) => {
  t.match(await login({ authid: 'joe' }), [[3, { message: /needs HELLO.Details.authextra.pubkey/ }, 'wamp.error.authentication_denied']])
  t.match(await login({ authid: 'joe', pubkey: joe.publicKey } as object), [[3]])
  for (const pubkey of ['', 'xy'.repeat(32), joe.publicKey.slice(2), `${joe.publicKey}00`, 5, {}, [joe.publicKey]]) {
    t.match(await login({ authextra: { pubkey } }), [failed('HELLO.Details.authextra.pubkey must be 64 hex digits')])
  }
  for (const challenge of ['', 5, 'xy'.repeat(32)]) {
    t.match(await login({ authextra: { pubkey: joe.publicKey, challenge } }), [failed('HELLO.Details.authextra.challenge must be 64 hex digits')])
  }
  for (const type of ['', 5, {}]) {
    t.match(await login({ authextra: { pubkey: joe.publicKey, channel_binding: type } }), [failed('HELLO.Details.authextra.channel_binding must be a string')])
  }
  const absent = { channel_binding: null, challenge: null, trustroot: null, certificates: [], activation_code: null }
  t.match(await login({ authextra: { pubkey: joe.publicKey, ...absent } }, ({ challenge }) => joe.answer(challenge)), [[4], [2]], 'unused fields are accepted in the form in which clients send them [CSG-10]')
})

t.test('a channel binding is applied and echoed if it is available, and never claimed otherwise [CSG-07, CSG-08, TRP-52]', async (t) => {
  const asking = (type: string): object => ({ authextra: { pubkey: joe.publicKey, channel_binding: type } })
  const bound = ({ challenge }: Extra): string => joe.answer(challenge, channelId)
  const unbound = ({ challenge }: Extra): string => joe.answer(challenge)
  t.match(await login(asking('tls-exporter'), bound, { tls: channel }), [[4, 'cryptosign', { channel_binding: 'tls-exporter' }], [2]])
  t.match(await login(asking('tls-exporter'), unbound, { tls: channel }), [[4], denied], 'the plain challenge is no longer enough')
  for (const [type, tls] of [['tls-unique', channel], ['tls-exporter', null], ['tls-unique', null], ['mine', channel]] as const) {
    t.match(await login(asking(type), unbound, { tls }), [[4, 'cryptosign', { channel_binding: null }], [2]])
    t.match(await login(asking(type), bound, { tls }), [[4], denied])
  }
})

t.test('the router proves its identity to clients that ask for it, if it has a key [CSG-09, TRP-52]', async (t) => {
  const [challenge, privateKey] = ['5a'.repeat(32), '77'.repeat(32)]
  const { publicKey } = new ClientKey(privateKey)
  const asking = { pubkey: joe.publicKey, challenge }
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'hex').toString('base64url') }, format: 'jwk' })
  for (const [authextra, tls] of [[asking, null], [{ ...asking, channel_binding: 'tls-exporter' }, channel], [{ ...asking, channel_binding: 'tls-unique' }, channel]] as const) {
    const [[, , extra]] = await login({ authextra }, undefined, { privateKey, tls }) as [[number, string, { pubkey: string, signature: string, channel_binding: string | null }]]
    t.equal(extra.pubkey, publicKey)
    const message = Buffer.alloc(32, extra.channel_binding === null ? 0x5a : 0x5a ^ 0xa5)
    t.equal(extra.signature.slice(128), message.toString('hex'))
    t.ok(verify(null, message, key, Buffer.from(extra.signature.slice(0, 128), 'hex')))
  }
  const withoutKey = await login({ authextra: asking })
  t.same(Object.keys(withoutKey[0]![2] as Extra), ['challenge', 'channel_binding'])
  const unasked = await login({ authextra: { pubkey: joe.publicKey } }, undefined, { privateKey })
  t.same(Object.keys(unasked[0]![2] as Extra), ['challenge', 'channel_binding'])
})

t.test('a cookie login by key is valid while its principal is configured', async (t) => {
  const verify = verifyStaticUsers({ cryptosign: { type: 'static', principals } })
  const record = { created: 0, maxAge: 1, authid: 'ann', authrole: 'old', authmethod: 'cryptosign', authrealm: 'realm2' }
  t.same(verify(record), { authrole: 'frontend' })
  t.equal(verify({ ...record, authrealm: 'realm1' }), false)
  t.equal(verify({ ...record, authid: 'gone' }), false)
})

t.test('signatures match the test vectors of the specification [CSG-04, CSG-07]', async (t) => {
  const keys = ['4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510', 'd511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd', '6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b']
  const challenges = ['ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 'b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d', 'b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2']
  const id = Buffer.from('62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff', 'hex')
  const plain = [
    'b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'd4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d',
    '7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30bb05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2'
  ]
  const bound = [
    '9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00',
    '305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282',
    'ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d'
  ]
  const tls: TlsChannel = { peerCertificate: null, channelBinding: () => id }
  for (const [i, seed] of keys.entries()) {
    const client = new ClientKey(seed)
    t.equal(client.answer(challenges[i]), plain[i])
    t.equal(client.answer(challenges[i], id), bound[i])
    // The router signs likewise.
    for (const [binding, expected] of [[{}, plain[i]], [{ channel_binding: 'tls-exporter' }, bound[i]]] as const) {
      let signed: unknown
      const authenticate = cryptosignAuthenticator({ principals: {}, privateKey: seed })
      await t.rejects(async () => {
        const authextra = { pubkey: client.publicKey, challenge: challenges[i]!, ...binding }
        const challenge: Attempt['challenge'] = async (extra = {}) => { signed = extra.signature; return { signature: '', extra: {} } }
        await authenticate({ authid: 'x', authextra, tls, challenge } as unknown as Attempt)
      })
      t.equal(signed, expected)
    }
  }
})
