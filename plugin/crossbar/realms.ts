import type { EventHistoryOptions, PermissionOptions, RealmOptions, RoleOptions } from '../options.ts'
import { trusted } from '../protocol/trusted.ts'
import { isUri } from '../protocol/uri.ts'
import type { UriCheck } from '../protocol/uri.ts'
import { defaults } from '../option-defaults.ts'
import { readPermissions } from './permissions.ts'
import { present } from './setting.ts'
import type { Setting } from './setting.ts'

/** Realms by name. */
export type Realms = ReadonlyMap<string, RealmOptions>

/** The realms that the clients of a worker can join, with their roles, and the realms and roles that they must not have. */
export interface Reach {
  readonly own: Realms
  /** The node's other realms and roles. All workers share one router here, so only roles keep clients out. */
  readonly foreign: Realms
}

/** A name, or an Ethereum address. */
const realmName = /^(?:[A-Za-z][A-Za-z\d_@.-]{2,254}|0x[A-Fa-f\d]{40})$/

/** Reads a router worker's realms. */
export function readRealms (setting: Setting): Realms {
  return readNamed(setting, readRealm)
}

/**
 * Checks that a role may be granted to clients that choose their realm: a realm of their worker has it, and no realm of another worker,
 * which they could otherwise join.
 */
export function checkRole (setting: Setting, role: string, { own, foreign }: Reach): void {
  if (!someHas(own, role)) setting.fail(`must be a role of a realm: there is no role "${role}"`)
  if (someHas(foreign, role)) setting.fail(`must not be the role "${role}": a realm of another router worker also has it, and would be open`)
}

/** Checks that clients of a service without `auth` may join: they are anonymous. */
export function checkAnonymous (setting: Setting, reach: Reach): void {
  const { role } = defaults.anonymous
  if (!someHas(reach.own, role)) setting.fail(`has anonymous clients, but no realm has the role "${role}"`)
  checkRole(setting, role, reach)
}

/** The reach of clients with a fixed realm, which must be one of their worker's. */
export function only (setting: Setting, realm: string, { own }: Reach): Reach {
  return { own: new Map([[realm, own.get(realm) ?? setting.fail('must name a realm of this worker')]]), foreign: new Map() }
}

function someHas (realms: Realms, role: string): boolean {
  return [...realms.values()].some(({ roles }) => Object.hasOwn(roles, role))
}

/** Reads a list of named items. */
function readNamed<T> (setting: Setting, read: (entry: Setting) => [name: string, value: T]): ReadonlyMap<string, T> {
  const named = new Map<string, T>()
  for (const entry of setting.list()) {
    const [name, value] = read(entry)
    if (named.has(name)) entry.fail(`must have a unique name: "${name}" is already used`)
    named.set(name, value)
  }
  return named
}

function readRealm (setting: Setting): [name: string, realm: RealmOptions] {
  const realm = setting.record({ served: ['name', 'roles', 'options', 'store'], unserved: ['stats', 'trace', 'rlinks'], silent: ['id'] })
  const name = realm.get('name').text()
  if (!realmName.test(name) || !isUri(name)) {
    realm.get('name').fail('must be a URI of 3 to 255 letters, digits, "_", "-", "@" and ".", and start with a letter, or "0x" and 40 hex digits')
  }
  const options = realm.find('options')?.record({
    served: ['uri_check', 'enable_meta_api'], unserved: ['event_dispatching_chunk_size', 'bridge_meta_api']
  })
  const metaApi = options?.find('enable_meta_api')
  if (metaApi?.flag() === false) metaApi.fail('must be true: the meta API is always available; permissions control its use')
  const uriCheck = options?.find('uri_check')?.oneOf(['loose', 'strict'])
  const list = realm.find('roles')
  const roles = list === undefined ? [] : readNamed(list, (role) => readRole(role, uriCheck))
  const store = realm.find('store')
  const eventHistory = store === undefined ? undefined : readHistory(store, uriCheck)
  return [name, { roles: Object.fromEntries(roles), ...present({ uriCheck, eventHistory }) }]
}

/** The topics of a realm store whose events are stored; undefined for a store of another type than "memory". */
function readHistory (setting: Setting, uriCheck: UriCheck | undefined): EventHistoryOptions[] | undefined {
  if (setting.member('type').text() !== 'memory') {
    setting.warn('is not supported: only type "memory" is')
    return undefined
  }
  const store = setting.record({ served: ['type', 'limit', 'event-history'], unserved: ['call-queue'] })
  const most = store.find('limit')?.integer(1)
  return store.find('event-history')?.list().map((entry) => {
    const topic = entry.record({ served: ['uri', 'match', 'limit'] })
    const uri = topic.get('uri').string()
    const match = topic.find('match')?.oneOf(['exact', 'prefix', 'wildcard'])
    if (!isUri(uri, match, uriCheck)) topic.get('uri').fail(`must be a URI that fits match "${match ?? 'exact'}"`)
    return { uri, ...present({ match, limit: topic.find('limit')?.integer(1) ?? most }) }
  })
}

function readRole (setting: Setting, uriCheck: UriCheck | undefined): [name: string, role: RoleOptions] {
  const role = setting.record({ served: ['name', 'permissions', 'authorizer', 'allow-by-default'], silent: ['id'] })
  const name = role.get('name').text()
  if (name === trusted) role.get('name').fail('must not be "trusted", which is the role of the app itself')
  const authorizer = role.find('authorizer')?.text()
  const permissions = role.find('permissions')
  if (authorizer !== undefined && permissions !== undefined) role.get('authorizer').fail('cannot be combined with "permissions"')
  if (authorizer !== undefined) return [name, isUri(authorizer) ? { authorizer } : role.get('authorizer').fail('must be a URI')]
  const allowByDefault = role.find('allow-by-default')
  const open = allowByDefault?.flag() ?? false
  if (permissions === undefined) return [name, { permissions: open ? [anything] : [] }]
  if (open) allowByDefault?.warn('has no effect in addition to "permissions"')
  return [name, { permissions: readPermissions(permissions, uriCheck) }]
}

const anything: PermissionOptions = { uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }
