import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { verifyStaticUsers } from '../../plugin/auth/cookie-authenticator.ts'
import type { TlsOptions } from '../../plugin/auth-options.ts'
import { buildRouter, everything, helloAs, settled } from '../helper/build-router.ts'
import { Authority } from '../helper/certificates.ts'
import { needsOpenssl } from '../interop/programs.ts'

const realms = { realm1: { roles: { frontend: everything, staff: everything } }, realm2: { roles: { frontend: everything } } }

/** What a client gets that has this certificate. */
async function login (principals: TlsOptions['principals'], peerCertificate: X509Certificate | null | undefined, details: { authid?: string } = {}): Promise<unknown[][]> {
  const { connect, logged } = buildRouter({ realms, auth: { tls: { type: 'static', principals } } })
  const client = connect()
  client.tls = peerCertificate === undefined ? null : { peerCertificate, channelBinding: () => null }
  client.say(helloAs({ authmethods: ['tls'], ...details }))
  await settled()
  t.same(logged, [])
  return client.sent
}

t.test('logins by client certificate', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const [joe, ann] = [new X509Certificate((await authority.sign('joe')).cert), new X509Certificate((await authority.sign('ann')).cert)]
  const principals = {
    joe: { certificateSha1: joe.fingerprint, role: 'frontend' },
    ann: { certificateSha256: ann.fingerprint256.replaceAll(':', '').toLowerCase(), role: 'frontend', realm: 'realm2' }
  }
  const refused = [3, { message: String }, 'wamp.error.no_such_principal']

  await t.test('a certificate logs in its principal at once, without a challenge [TLS-02]', async (t) => {
    t.match(await login(principals, joe), [[2, Number, { realm: 'realm1', authid: 'joe', authrole: 'frontend', authmethod: 'tls', authprovider: 'static' }]])
    t.match(await login(principals, ann), [[2, Number, { realm: 'realm2', authid: 'ann' }]])
    t.match(await login(principals, joe, { authid: 'ann' }), [[2, Number, { authid: 'joe' }]], 'whoever it wants to be')
  })

  await t.test('the certificate must belong to a principal [TLS-02]', async (t) => {
    const none = [[3, { message: 'tls needs a client certificate that the server trusts' }, 'wamp.error.authentication_denied']]
    t.same(await login(principals, null, { authid: 'joe' }), none)
    t.same(await login(principals, undefined, { authid: 'joe' }), none, 'where there is no TLS')
    t.match(await login({ ann: principals.ann }, joe, { authid: 'ann' }), [refused])
    t.match(await login({}, joe), [refused])
  })

  await t.test('a certificate must match both fingerprints if both are given', async (t) => {
    const both = (certificateSha256: string): TlsOptions['principals'] => ({ joe: { certificateSha1: joe.fingerprint, certificateSha256, role: 'frontend' } })
    t.match(await login(both(joe.fingerprint256), joe), [[2]])
    t.match(await login(both(ann.fingerprint256), joe), [refused])
  })

  await t.test('if a certificate matches several principals, the one that HELLO names is selected', async (t) => {
    const shared = { joe: principals.joe, boss: { ...principals.joe, role: 'staff' } }
    t.match(await login(shared, joe, { authid: 'boss' }), [[2, Number, { authid: 'boss', authrole: 'staff' }]])
    for (const details of [{}, { authid: 'ann' }]) t.match(await login(shared, joe, details), [refused])
  })

  await t.test('a certificate is not disclosed in the log or to other clients', async (t) => {
    const { connect, logged, router } = buildRouter({ realms, auth: { tls: { type: 'static', principals } } })
    const client = connect()
    client.tls = { peerCertificate: joe, channelBinding: () => null }
    client.say(helloAs({ authmethods: ['tls'] }))
    await settled()
    const told = JSON.stringify([client.sent, logged, router.sessions('realm1')])
    t.match(told, 'joe')
    for (const secret of ['CERTIFICATE', joe.fingerprint, joe.fingerprint256]) t.notMatch(told, secret)
  })
})

t.test('a cookie login by certificate is valid while its principal is configured', async (t) => {
  const verify = verifyStaticUsers({ tls: { type: 'static', principals: { joe: { certificateSha1: 'ab'.repeat(20), role: 'frontend' } } } })
  const record = { created: 0, maxAge: 1, authid: 'joe', authrole: 'old', authmethod: 'tls', authrealm: 'realm1' }
  t.same(verify(record), { authrole: 'frontend' })
  t.equal(verify({ ...record, authid: 'gone' }), false)
})
