import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { wampPlugin } from '../../plugin/index.ts'
import { Authority } from '../helper/certificates.ts'
import { HELLO, WireClient, wireCodecs } from '../helper/wire-client.ts'
import { needsOpenssl } from '../interop/programs.ts'
import { convert, node, refused, web } from './sample.ts'

const [json] = wireCodecs

t.test('an endpoint with TLS', needsOpenssl(), async (t) => {
  const authority = await Authority.create(t)
  const [router, joe] = await Promise.all([authority.sign('router'), authority.sign('joe')])
  const directory = t.testdir({ 'router.key': router.key, 'router.crt': router.cert, 'ca.crt': authority.cert, 'joe.key': joe.key, 'empty.pem': '' })
  const files = { key: 'router.key', certificate: 'router.crt' }
  const config = (tls: unknown, service: object = {}): object => node({
    transports: [web({ ws: { type: 'websocket', ...service } }, { endpoint: { type: 'tcp', port: 8080, tls } })]
  })

  await t.test('is what a Fastify app takes as https', async (t) => {
    const { https, warnings } = convert(config({ ...files, key: join(directory, 'router.key'), chain_certificates: ['ca.crt'], ca_certificates: ['ca.crt'], ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }), { directory })
    t.strictSame(https, { key: router.key, cert: `${router.cert}\n${authority.cert}`, ca: [authority.cert], requestCert: true, ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })
    t.same(warnings, [])
    t.strictSame(convert(config(files), { directory }).https, { key: router.key, cert: router.cert })
    t.equal(convert(node()).https, null)
  })

  await t.test('clients log in with a certificate that an authority has signed [TLS-02, ORD-04]', async (t) => {
    const auth = { tls: { type: 'static', principals: { joe: { 'certificate-sha1': new X509Certificate(joe.cert).fingerprint, role: 'frontend' } } } }
    const { https, plugin } = convert(config({ ...files, ca_certificates: ['ca.crt'] }, { auth }), { directory })
    const app = Fastify({ https })
    t.teardown(() => app.close())
    await app.register(wampPlugin, plugin)
    const url = (await app.listen({ host: '127.0.0.1', port: 0 })).replace('https:', 'wss:')
    const client = await WireClient.connect(t, `${url}/ws`, json!, { tls: { ca: authority.cert, ...joe } })
    t.match(await client.ask([1, 'realm1', { ...HELLO[2], authmethods: ['tls'] }]), [2, Number, { authid: 'joe', authrole: 'frontend', authmethod: 'tls' }])
    await t.rejects(WireClient.connect(t, `${url}/ws`, json!, { tls: { ca: authority.cert } }), 'who has none does not even connect')
  })

  await t.test('that is wrong is refused, and no key is quoted', async (t) => {
    const path = 'workers[0].transports[0].endpoint.tls'
    const wrong = (tls: unknown, where: string, expected: string): void => { refused(t, config(tls), `${path}${where}`, expected, { directory }) }
    wrong({ key: 'router.key' }, '', 'must have "certificate"')
    wrong({ certificate: 'router.crt' }, '', 'must have "key"')
    wrong({ ...files, version: 3 }, '.version', 'is unknown')
    for (const key of ['none.key', '.']) wrong({ ...files, key }, '.key', 'must name a file that can be read')
    wrong({ ...files, ca_certificates: 'ca.crt' }, '.ca_certificates', 'must be a list')
    wrong({ ...files, ca_certificates: ['none.crt'] }, '.ca_certificates[0]', 'must name a file that can be read')
    for (const name of ['key', 'certificate']) wrong({ ...files, [name]: 'empty.pem' }, `.${name}`, 'must name a file in PEM')
    for (const more of [{ key: 'joe.key' }, { key: 'router.crt' }, { ciphers: 'NONE' }]) {
      wrong({ ...files, ...more }, '', 'must have a private key in PEM without a passphrase, a matching certificate, and ciphers that OpenSSL supports')
    }
  })

  await t.test('whose private key a directory would serve is refused', async (t) => {
    const transport = web({ ws: { type: 'websocket' }, '/': { type: 'static', directory: '.' } }, { endpoint: { type: 'tcp', port: 8080, tls: files } })
    refused(t, node({ transports: [transport] }), 'workers[0].transports[0].paths["/"].directory', 'must not contain the private key: it would be served', { directory })
  })

  await t.test('is the same for all transports of its port', async (t) => {
    const transport = (tls: object, path: string): object => web({ [path]: { type: 'websocket' } }, { endpoint: { type: 'tcp', port: 8080, ...tls } })
    t.ok(convert(node({ transports: [transport({ tls: files }, 'a'), transport({ tls: files }, 'b')] }), { directory }).https)
    refused(t, node({ transports: [transport({ tls: files }, 'a'), transport({}, 'b')] }), 'workers[0].transports[1].endpoint', 'must be the same as "workers[0].transports[0].endpoint"', { directory })
  })
})
