import t from 'tap'
import { Permissions } from '../../plugin/authorization/permissions.ts'
import type { PermissionOptions, RoleOptions } from '../../plugin/options.ts'
import { selectionOf } from '../../plugin/protocol/starred-uri.ts'
import { matches } from '../../plugin/protocol/uri.ts'
import { resolveOptions } from '../../plugin/resolve-options.ts'
import { convert, node } from './sample.ts'

/** The decision of Crossbar.io 26.10.1: `RouterRoleStaticAuth` of crossbar/router/role.py. */
function crossbarAllows (permissions: readonly PermissionOptions[], uri: string): boolean {
  interface Rule { readonly uri: string, readonly match: string, readonly allow: boolean }
  const [plain, wild] = [new Map<string, Rule>(), new Map<string, Rule>()]
  for (const permission of permissions) {
    const rule = { ...selectionOf(permission), allow: permission.allow?.call === true }
    if (rule.uri.includes('..')) wild.set(rule.uri.slice(0, rule.uri.indexOf('..')), rule)
    else plain.set(rule.uri, rule)
  }
  const longest = (rules: ReadonlyMap<string, Rule>): Rule | undefined => [...rules].filter(([key]) => key !== '' && uri.startsWith(key)).sort(([a], [b]) => b.length - a.length)[0]?.[1]
  let rule = longest(plain) ?? plain.get('')
  if (rule !== undefined && rule.match !== 'prefix' && rule.uri !== uri) rule = undefined
  if (rule?.match !== 'exact') {
    const wildcard = longest(wild)
    if (wildcard?.uri.split('.').every((component) => /^(?:[a-z0-9][a-z0-9_-]*)?$/.test(component)) === true && matches(wildcard.uri, 'wildcard', uri)) rule = wildcard
  }
  return rule?.allow ?? false
}

/** The role of a configuration with these permissions, and the warnings. */
function convertRole (permissions: readonly PermissionOptions[]): { allows: (uri: string) => boolean, warnings: readonly string[] } {
  const { plugin, warnings } = convert(node({ realms: [{ name: 'realm1', roles: [{ name: 'anonymous', permissions }] }] }))
  const { realms } = resolveOptions(plugin)
  const { permissions: converted } = realms.realm1!.roles.anonymous as RoleOptions & { permissions: PermissionOptions[] }
  const decided = new Permissions(converted)
  return { allows: (uri) => decided.decide('call', uri).allow, warnings }
}

const selections: readonly PermissionOptions[] = [
  ...['com.secret', 'com.secret.*', 'com.secret*', 'com.*', '*', 'com.*.x', 'com.*.y', 'com.*.*', 'com.secret.*.x', '*.secret', '*.*.x', '*.secret.*.x', 'com.*.', 'com.*.X'].map((uri) => ({ uri })),
  ...['com.secret', 'com.secret.x', 'com.sec'].flatMap((uri) => [{ uri, match: 'exact' }, { uri, match: 'prefix' }] as const),
  ...['com.secret.', '.secret', 'com..x', 'com..y', 'com.'].map((uri) => ({ uri, match: 'wildcard' }) as const)
]
const uris = ['com', 'com.secret', 'com.secrets', 'com.secret.x', 'com.secret.y', 'com.secret.x.x', 'com.secret.a.x', 'com.other.x', 'com.other.X', 'net.secret', 'net.secret.x', 'net.secret.a.x']
const allow = { call: true, register: true, publish: true, subscribe: true }

/** True for the two differences in docs/crossbar.md: an exact URI hides a shorter prefix for longer URIs, and one wildcard hides another. */
function isDifferent ([first, second]: readonly [PermissionOptions, PermissionOptions], uri: string): boolean {
  const [one, other] = [selectionOf(first), selectionOf(second)]
  if (one.uri.includes('..') && other.uri.includes('..')) return one.uri.split('..')[0] !== other.uri.split('..')[0]
  return [[one, other], [other, one]].some(([a, b]) => a!.match !== 'prefix' && b!.match === 'prefix' && a!.uri !== b!.uri && a!.uri.startsWith(b!.uri) && uri !== a!.uri && uri.startsWith(a!.uri))
}

t.test('a role may do what Crossbar.io allows, of several permissions for one URI by the last one [AZN-04, AZN-05, AZN-06, TRP-46]', async (t) => {
  for (const first of selections) {
    for (const second of selections) {
      for (const [one, other] of [[{ allow }, {}], [{}, { allow }], [{ allow }, { allow }]]) {
        const permissions = [{ ...first, ...one }, { ...second, ...other }] as const
        const { allows } = convertRole(permissions)
        const wrong = uris.filter((uri) => !isDifferent(permissions, uri) && allows(uri) !== crossbarAllows(permissions, uri))
        if (wrong.length > 0) t.fail(`${JSON.stringify(permissions)}: ${wrong.join(', ')}`)
      }
    }
  }
  t.same([false, true].map((last) => crossbarAllows([{ uri: 'com.a', allow: { call: !last } }, { uri: 'com.a', allow: { call: last } }], 'com.a')), [false, true])
})

t.test('a permission that has no effect causes a warning that names the one that replaces it', async (t) => {
  const path = 'workers[0].realms[0].roles[0].permissions'
  t.same(convertRole([{ uri: 'com.secret*', allow }, { uri: 'com.a' }, { uri: 'com.secret', match: 'exact' }, { uri: 'com.secret', match: 'prefix' }]).warnings, [
    `${path}[0] has no effect, as in Crossbar.io: ${path}[3] replaces it, because it has the same URI`,
    `${path}[2] has no effect, as in Crossbar.io: ${path}[3] replaces it, because it has the same URI`
  ])
  t.match(convertRole([{ uri: 'com.*.x', allow }, { uri: 'com.*.y' }]).warnings, [/permissions\[0\] has no effect.*permissions\[1\] replaces it, because it has the same components before its first wildcard$/])
  for (const uri of ['*.secret', '*.*.x', 'com.*.X']) t.match(convertRole([{ uri, allow }]).warnings, [/permissions\[0\] has no effect, as in Crossbar\.io, which only applies wildcards like "com\.\.news"/], uri)
  t.same(convertRole([{ uri: 'com.secret.*', allow }, { uri: 'com.secret' }, { uri: 'com.*.x' }]).warnings, [])
})
