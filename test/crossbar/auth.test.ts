import t from 'tap'
import type { AuthOptions } from '../../plugin/auth-options.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { convert, node, realm1, refused, variable, web, websocket, WS } from './sample.ts'

const AUTH = `${WS}.auth`
const env = { MYSECRET: 'from outside', KEY: 'cd'.repeat(32) }

function convertAuth (auth: object): AuthOptions | undefined {
  const { plugin } = convert(websocket({ auth, cookie: {} }), { env })
  resolveOptions(plugin)
  return plugin.auth
}

t.test('anonymous may have a role, an authid and a realm [ANO-01]', async (t) => {
  t.strictSame(convertAuth({ anonymous: { type: 'static' } }), { anonymous: { type: 'static' } })
  const anonymous = { type: 'static', role: 'frontend', authid: 'guest', realm: 'realm1' }
  t.strictSame(convertAuth({ anonymous }), { anonymous })
  refused(t, websocket({ auth: { anonymous: { type: 'static', roles: [] } } }), `${AUTH}.anonymous.roles`, 'is unknown')
  refused(t, websocket({ auth: { anonymous: { type: 'static', authid: 7 } } }), `${AUTH}.anonymous.authid`, 'must be a string')
})

t.test('the realm of anonymous sessions must be a realm of the worker, and must have their role [ANO-01]', async (t) => {
  const config = (anonymous: object): object => node({
    realms: [realm1, { name: 'realm2', roles: [{ name: 'guest' }] }],
    transports: [web({ ws: { type: 'websocket', auth: { anonymous: { type: 'static', ...anonymous } } } })]
  })
  refused(t, config({ realm: 'realm3' }), `${AUTH}.anonymous.realm`, 'must name a realm of this worker')
  refused(t, config({ realm: 'constructor' }), `${AUTH}.anonymous.realm`, 'must name a realm of this worker')
  refused(t, config({ realm: 'realm2' }), `${AUTH}.anonymous`, 'must be a role of a realm: there is no role "anonymous"')
  refused(t, config({ realm: 'realm1', role: 'guest' }), `${AUTH}.anonymous.role`, 'must be a role of a realm')
  t.ok(convert(config({ realm: 'realm2', role: 'guest' })))
})

t.test('tickets are read from the configuration or the environment [TIC-02]', async (t) => {
  t.strictSame(convertAuth({ ticket: { type: 'static', principals: { joe: { ticket: variable('MYSECRET'), role: 'frontend' }, eve: { ticket: '$x', role: 'frontend' } } } }), {
    ticket: { type: 'static', principals: { joe: { ticket: 'from outside', role: 'frontend' }, eve: { ticket: '$x', role: 'frontend' } } }
  })
  const joe = (principal: unknown): object => websocket({ auth: { ticket: { type: 'static', principals: { joe: principal } } } })
  const path = `${AUTH}.ticket.principals.joe`
  refused(t, joe({ ticket: variable('NOT_SET'), role: 'frontend' }), `${path}.ticket`, 'needs the environment variable NOT_SET')
  refused(t, joe({ ticket: '', role: 'frontend' }), `${path}.ticket`, 'must not be empty')
  refused(t, joe({ role: 'frontend' }), path, 'must have "ticket"')
  refused(t, joe({ ticket: 'x', role: 'frontend', realm: 'realm1' }), `${path}.realm`, 'is unknown')
  refused(t, joe('x'), path, 'must be a dict')
  refused(t, websocket({ auth: { ticket: { type: 'static' } } }), `${AUTH}.ticket`, 'must have "principals"')
})

t.test('WAMP-CRA users are read; with salt the secret is plain, as in the code of Crossbar.io [CRA-05, TRP-48]', async (t) => {
  const role = 'frontend'
  t.strictSame(convertAuth({
    wampcra: { type: 'static', users: { joe: { role, secret: '123456' }, sue: { role, secret: variable('MYSECRET'), salt: 'salt123', iterations: 100, keylen: 16 } } }
  }), {
    wampcra: {
      type: 'static',
      users: { joe: { role, secret: '123456' }, sue: { role, secret: 'from outside', salt: 'salt123', secretIsPlain: true, iterations: 100, keylen: 16 } }
    }
  })
  const joe = (user: object): object => websocket({ auth: { wampcra: { type: 'static', users: { joe: { secret: 'x', role, ...user } } } } })
  const path = `${AUTH}.wampcra.users.joe`
  refused(t, joe({ iterations: 0 }), `${path}.iterations`, 'must be a whole number of 1 or more')
  refused(t, joe({ keylen: '16' }), `${path}.keylen`, 'must be a whole number of 1 or more')
  refused(t, joe({ secret: 123456 }), `${path}.secret`, 'must be a string')
  refused(t, joe({ password: 'x' }), `${path}.password`, 'is unknown')
  refused(t, websocket({ auth: { wampcra: { type: 'static' } } }), `${AUTH}.wampcra`, 'must have "users"')
})

t.test('the principals of cryptosign are read, with their keys [CSG-06]', async (t) => {
  const [role, key] = ['frontend', 'Ab'.repeat(32)]
  t.strictSame(convertAuth({
    cryptosign: { type: 'static', principals: { joe: { role, authorized_keys: [key, variable('KEY')] }, ann: { role, realm: 'realm1', authorized_keys: [] } } }
  }), {
    cryptosign: { type: 'static', principals: { joe: { role, authorizedKeys: [key, env.KEY] }, ann: { role, realm: 'realm1', authorizedKeys: [] } } }
  })
  const joe = (principal: object, more: object = {}): object => websocket({ auth: { cryptosign: { type: 'static', principals: { joe: { role, authorized_keys: [], ...principal } }, ...more } } })
  const path = `${AUTH}.cryptosign.principals.joe`
  refused(t, joe({ authorized_keys: ['ab'] }), `${path}.authorized_keys[0]`, 'must be a public key: 64 hex digits')
  refused(t, joe({ authorized_keys: key }), `${path}.authorized_keys`, 'must be a list')
  refused(t, joe({ realm: 'realm2' }), `${path}.realm`, 'must name a realm of this worker')
  refused(t, joe({ role: 'nobody', realm: 'realm1' }), `${path}.role`, 'must be a role of a realm: there is no role "nobody"')
  refused(t, joe({ pubkey: key }), `${path}.pubkey`, 'is unknown')
  refused(t, joe({}, { trustroots: {} }), `${AUTH}.cryptosign.trustroots`, 'is not supported: list "principals"')
  refused(t, websocket({ auth: { cryptosign: { type: 'static' } } }), `${AUTH}.cryptosign`, 'must have "principals"')
})

t.test('the principals of tls are read, with their fingerprints [TLS-02]', async (t) => {
  const role = 'frontend'
  const certificate = Array(20).fill('A5').join(':')
  t.strictSame(convertAuth({ tls: { type: 'static', principals: { joe: { role, 'certificate-sha1': certificate } } } }), {
    tls: { type: 'static', principals: { joe: { role, certificateSha1: certificate } } }
  })
  const joe = (principal: object): object => websocket({ auth: { tls: { type: 'static', principals: { joe: { role, ...principal } } } } })
  const path = `${AUTH}.tls.principals.joe`
  refused(t, joe({ 'certificate-sha1': 'A5:A5' }), `${path}.certificate-sha1`, 'must be a SHA-1 fingerprint')
  refused(t, joe({}), path, 'must have "certificate-sha1"')
  refused(t, joe({ 'certificate-sha1': certificate, role: 'nobody' }), `${path}.role`, 'must be a role of a realm')
})

t.test('a principal must have a role of its realm: its own, or the default', async (t) => {
  const ticket = (principal: object, more: object = {}): object => ({ ticket: { type: 'static', principals: { joe: { ticket: 'x', ...principal } }, ...more } })
  t.match(convertAuth(ticket({}, { 'default-role': 'frontend' })), ticket({ role: 'frontend' }))
  t.match(convertAuth(ticket({ role: 'anonymous' }, { 'default-role': 'frontend' })), ticket({ role: 'anonymous' }))
  refused(t, websocket({ auth: ticket({}) }), `${AUTH}.ticket.principals.joe`, 'must have "role"')
  refused(t, websocket({ auth: ticket({ role: 'nobody' }) }), `${AUTH}.ticket.principals.joe.role`, 'must be a role of a realm: there is no role "nobody"')
  refused(t, websocket({ auth: ticket({}, { 'default-role': 'nobody' }) }), `${AUTH}.ticket.default-role`, 'must be a role of a realm')
})

t.test('settings that cannot be served would lock users out, and are refused', async (t) => {
  for (const method of ['kerberos', 'wamp-scram', 'constructor']) {
    refused(t, websocket({ auth: { [method]: { type: 'static' } } }), `${AUTH}.${method}`, 'is not supported: the methods are anonymous, ticket, wampcra, cryptosign, tls, cookie')
  }
  refused(t, websocket({ auth: { scram: { type: 'static', principals: {} } } }), `${AUTH}.scram`, 'is not supported: Crossbar.io\'s "scram" has a different exchange than the specification\'s')
  for (const method of ['anonymous', 'ticket', 'wampcra', 'cryptosign', 'tls']) {
    for (const type of ['function', 'else']) {
      refused(t, websocket({ auth: { [method]: { type, authenticator: 'com.x' } } }), `${AUTH}.${method}.type`, 'must be "static" or "dynamic"')
    }
    refused(t, websocket({ auth: { [method]: {} } }), `${AUTH}.${method}`, 'must have "type"')
  }
  refused(t, websocket({ auth: [] }), AUTH, 'must be a dict')
})

t.test('a dynamic authenticator is converted, and its realm and roles must exist [DYN-01]', async (t) => {
  for (const method of ['anonymous', 'ticket', 'wampcra', 'cryptosign', 'tls']) {
    t.strictSame(convertAuth({ [method]: { type: 'dynamic', authenticator: 'com.x' } }), { [method]: { type: 'dynamic', authenticator: 'com.x' } })
    const all = { type: 'dynamic', authenticator: 'com.x', 'authenticator-realm': 'realm1', 'authenticator-role': 'frontend', 'default-role': 'anonymous' }
    t.strictSame(convertAuth({ [method]: all }), { [method]: { type: 'dynamic', authenticator: 'com.x', authenticatorRealm: 'realm1', authenticatorRole: 'frontend', defaultRole: 'anonymous' } })
    refused(t, websocket({ auth: { [method]: { type: 'dynamic' } } }), `${AUTH}.${method}`, 'must have "authenticator"')
    refused(t, websocket({ auth: { [method]: { ...all, 'authenticator-realm': 'other' } } }), `${AUTH}.${method}.authenticator-realm`, 'must name a realm of this worker')
    refused(t, websocket({ auth: { [method]: { ...all, 'default-role': 'other' } } }), `${AUTH}.${method}.default-role`, 'must be a role of a realm')
    refused(t, websocket({ auth: { [method]: { ...all, principals: {} } } }), `${AUTH}.${method}.principals`, 'is unknown')
  }
})

t.test('without auth, or with an empty one, only anonymous clients are accepted, and their role must exist [ANO-01]', async (t) => {
  t.equal(convertAuth({}), undefined)
  t.equal(convert(websocket({})).plugin.auth, undefined)
  const realms = [{ name: 'realm1', roles: [{ name: 'frontend' }] }]
  refused(t, node({ realms }), WS, 'has anonymous clients, but no realm has the role "anonymous"')
})

t.test('a cookie login requires another method and the option cookie, and has no options [CKI-11]', async (t) => {
  const anonymous = { type: 'static' }
  t.strictSame(convertAuth({ anonymous, cookie: {} }), { anonymous, cookie: {} })
  t.strictSame(convertAuth({ anonymous, cookie: null }), { anonymous, cookie: {} }, 'as YAML has it')
  refused(t, websocket({ auth: { cookie: {} }, cookie: {} }), AUTH, 'must have a method in addition to "cookie"')
  refused(t, websocket({ auth: { anonymous, cookie: {} } }), `${AUTH}.cookie`, 'requires "cookie" in addition to "auth"')
})
