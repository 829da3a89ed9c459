import t from 'tap'
import type { Test } from 'tap'
import type { RealmOptions, RoleOptions } from '../../plugin/options.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { convert, everything, node, realm1, refused } from './sample.ts'

const REALM = 'workers[0].realms[1]'

function realm (more: object): object {
  return node({ realms: [realm1, { name: 'realm2', roles: [], ...more }] })
}
function convertRealm (more: object): { realm: RealmOptions, warnings: readonly string[] } {
  const { plugin, warnings } = convert(realm(more))
  resolveOptions(plugin)
  return { realm: plugin.realms.realm2!, warnings }
}
function convertRole (more: object): RoleOptions {
  return convertRealm({ roles: [{ name: 'role1', ...more }] }).realm.roles.role1!
}
function refusedPermission (t: Test, permission: unknown, path: string, expected: string, more: object = {}): void {
  refused(t, realm({ roles: [{ name: 'role1', permissions: [everything, permission] }], ...more }), `${REALM}.roles[0].permissions[1]${path}`, expected)
}

t.test('a permission keeps all its values [AZN-03]', async (t) => {
  const permission = {
    uri: 'com.example.', match: 'prefix', allow: { call: true, register: false, publish: true, subscribe: true }, disclose: { caller: true, publisher: false }, cache: true
  }
  t.strictSame(convertRole({ permissions: [permission, { uri: 'com.x' }] }), { permissions: [permission, { uri: 'com.x' }] })
})

t.test('a permission with a key that is not known, or a value of the wrong kind, is refused with its path [AZN-03]', async (t) => {
  refusedPermission(t, { uri: 'a', allows: {} }, '.allows', 'is unknown')
  refusedPermission(t, { uri: 'a', allow: { calls: true } }, '.allow.calls', 'is unknown')
  refusedPermission(t, { uri: 'a', disclose: { callee: true } }, '.disclose.callee', 'is unknown')
  refusedPermission(t, { match: 'exact' }, '', 'must have "uri"')
  refusedPermission(t, { uri: 1 }, '.uri', 'must be a string')
  refusedPermission(t, { uri: 'a', match: 'regex' }, '.match', 'must be "exact" or "prefix" or "wildcard"')
  refusedPermission(t, { uri: 'a', allow: { call: 'yes' } }, '.allow.call', 'must be true or false')
  refusedPermission(t, { uri: 'a', cache: 1 }, '.cache', 'must be true or false')
  refusedPermission(t, 'com.example', '', 'must be a dict')
  refusedPermission(t, { uri: 'a', validate: { call: 'x' } }, '.validate', 'is not supported')
})

t.test('without match, asterisks are interpreted by the router; with match, they are literal [AZN-04]', async (t) => {
  const permissions = ['com.x.*', 'com.*.y', '*', 'com.x'].map((uri) => ({ uri }))
  t.strictSame(convertRole({ permissions }), { permissions })
  t.strictSame(convertRole({ permissions: [{ uri: 'com.*', match: 'exact' }] }), { permissions: [{ uri: 'com.*', match: 'exact' }] })
})

t.test('a URI that does not fit its match is refused', async (t) => {
  refusedPermission(t, { uri: '', match: 'exact' }, '.uri', 'must be a URI that fits match "exact"')
  refusedPermission(t, { uri: 'com..a', match: 'prefix' }, '.uri', 'must be a URI that fits match "prefix"')
  refusedPermission(t, { uri: 'com. a', match: 'wildcard' }, '.uri', 'must be a URI that fits match "wildcard"')
  refusedPermission(t, { uri: 'com.Upper', match: 'exact' }, '.uri', 'must be a URI', { options: { uri_check: 'strict' } })
})

t.test('a role without permissions may do nothing, unless it is allowed by default [AZN-08]', async (t) => {
  t.strictSame(convertRole({}), { permissions: [] })
  t.strictSame(convertRole({ 'allow-by-default': false }), { permissions: [] })
  t.strictSame(convertRole({ 'allow-by-default': true }), { permissions: [everything] })
  const { realm, warnings } = convertRealm({ roles: [{ name: 'role1', 'allow-by-default': true, permissions: [] }] })
  t.same(realm.roles.role1, { permissions: [] }, 'what is listed counts')
  t.same(warnings, [`${REALM}.roles[0].allow-by-default has no effect in addition to "permissions"`])
})

t.test('a dynamic authorizer is converted, and cannot be combined with permissions [AZN-08, AZN-09]', async (t) => {
  t.strictSame(convertRole({ authorizer: 'com.authorize' }), { authorizer: 'com.authorize' })
  refused(t, realm({ roles: [{ name: 'role1', authorizer: 'com..authorize' }] }), `${REALM}.roles[0].authorizer`, 'must be a URI')
  refused(t, realm({ roles: [{ name: 'role1', authorizer: 'com.authorize', permissions: [] }] }), `${REALM}.roles[0].authorizer`, 'cannot be combined with "permissions"')
})

t.test('roles have names, each its own, and not that of the app', async (t) => {
  refused(t, realm({ roles: [{ permissions: [] }] }), `${REALM}.roles[0]`, 'must have "name"')
  refused(t, realm({ roles: [{ name: '' }] }), `${REALM}.roles[0].name`, 'must not be empty')
  refused(t, realm({ roles: [{ name: 'a' }, { name: 'a' }] }), `${REALM}.roles[1]`, 'must have a unique name: "a" is already used')
  refused(t, realm({ roles: [{ name: 'trusted' }] }), `${REALM}.roles[0].name`, 'must not be "trusted"')
  refused(t, realm({ roles: [{ name: 'a', permission: [] }] }), `${REALM}.roles[0].permission`, 'is unknown')
  refused(t, realm({ roles: {} }), `${REALM}.roles`, 'must be a list')
})

t.test('uri_check defaults to loose [URI-05, TRP-58]', async (t) => {
  t.strictSame(convertRealm({ options: { uri_check: 'strict' } }).realm, { roles: {}, uriCheck: 'strict' })
  t.strictSame(convertRealm({ options: { uri_check: 'loose' } }).realm, { roles: {}, uriCheck: 'loose' })
  const { plugin } = convert(realm({}))
  t.equal(resolveOptions(plugin).realms.realm2!.uriCheck, 'loose')
  refused(t, realm({ options: { uri_check: 'lax' } }), `${REALM}.options.uri_check`, 'must be "loose" or "strict"')
})

t.test('other known settings of a realm cause a warning, and unknown ones are refused', async (t) => {
  t.same(convertRealm({ id: 'r', options: { enable_meta_api: true, event_dispatching_chunk_size: 10 }, store: { type: 'memory' } }).warnings, [
    `${REALM}.options.event_dispatching_chunk_size has no equivalent`
  ])
  refused(t, realm({ role: [] }), `${REALM}.role`, 'is unknown')
  refused(t, realm({ options: { enable_meta_api: false } }), `${REALM}.options.enable_meta_api`, 'must be true')
  refused(t, realm({ options: { uri: 'loose' } }), `${REALM}.options.uri`, 'is unknown')
})

t.test('a realm has a unique name, which is a URI as in Crossbar.io [URI-16]', async (t) => {
  for (const name of ['abc', 'com.example.realm-1', 'a@b_c', `a${'b'.repeat(254)}`]) t.ok(convert(realm({ name })).plugin.realms[name], name)
  for (const name of ['ab', '1abc', 'a b', 'a..b', 'abc.', 'réalm', `a${'b'.repeat(255)}`]) refused(t, realm({ name }), `${REALM}.name`, 'must be a URI of 3 to 255')
  refused(t, realm({ name: 'realm1' }), REALM, 'must have a unique name: "realm1" is already used')
})

t.test('a realm may have no roles, and names that an object has by birth are names', async (t) => {
  t.strictSame(convert(node({ realms: [realm1, { name: 'constructor' }] })).plugin.realms.constructor, { roles: {} })
  refused(t, node({ realms: [{ name: 'constructor' }] }), 'workers[0].transports[0].paths.ws', 'has anonymous clients, but no realm has the role "anonymous"')
})

t.test('a memory store\'s event history is kept, with its limits [HIS-13]', async (t) => {
  const store = { type: 'memory', limit: 50, 'event-history': [{ uri: 'com.a' }, { uri: 'com.', match: 'prefix', limit: 7 }], 'call-queue': [] }
  const { realm: converted, warnings } = convertRealm({ store })
  t.strictSame(converted.eventHistory, [{ uri: 'com.a', limit: 50 }, { uri: 'com.', match: 'prefix', limit: 7 }])
  t.ok(warnings.includes(`${REALM}.store.call-queue has no equivalent`))
  t.strictSame(convertRealm({ store: { type: 'memory' } }).realm.eventHistory, undefined)
  const other = convertRealm({ store: { type: 'cfxdb', path: 'x' } })
  t.strictSame(other.realm.eventHistory, undefined)
  t.ok(other.warnings.some((warning) => warning.startsWith(`${REALM}.store is not supported`)))
  refused(t, realm({ store: { type: 'memory', 'event-history': [{ uri: 'com..a' }] } }), `${REALM}.store.event-history[0].uri`, 'must be a URI that fits match "exact"')
  refused(t, realm({ store: { type: 'memory', 'event-history': [{ uri: 'a', limit: 0 }] } }), `${REALM}.store.event-history[0].limit`, 'must be a whole number of 1 or more')
})
