import { isDeepStrictEqual } from 'node:util'
import type { RealmOptions } from '../options.ts'
import type { Realms, Reach } from './realms.ts'
import type { Setting } from './setting.ts'

/** A realm and a role whose clients a proxy worker forwards. */
interface Route {
  readonly realm: Setting
  readonly realmName: string
  readonly role: string
  /** The endpoints that it connects to. */
  readonly endpoints: readonly Setting[]
}

/** A router worker, as far as a proxy worker is concerned. */
export interface Backend {
  readonly realms: Realms
  readonly transports: readonly Setting[]
}

/** A proxy worker: it accepts clients, and forwards them to a router worker, depending on their realm and role. */
export interface ProxyWorker {
  readonly transports: readonly Setting[]
  readonly routes: readonly Route[]
}

/**
 * Reads a proxy worker. Here, its clients connect to the router directly, which is the same for them if the router workers that it connects to
 * are in the same configuration.
 */
export function readProxy (setting: Setting): ProxyWorker {
  const proxy = setting.record({ served: ['type', 'connections', 'routes', 'transports', 'options'], silent: ['id'] })
  for (const option of proxy.find('options')?.map().values() ?? []) option.warn('has no equivalent')
  const connections = proxy.find('connections')?.map() ?? new Map<string, Setting>()
  const routes = [...proxy.get('routes').map()].flatMap(([realmName, roles]) =>
    [...roles.map()].map(([role, target]) => ({ realm: roles, realmName, role, endpoints: readTargets(target).map((name) => endpointOf(name, connections)) })))
  return { transports: proxy.find('transports')?.list() ?? [], routes }
}

/** The realms and roles of a proxy worker's clients. All others are foreign. */
export function reachOfProxy ({ routes }: ProxyWorker, backends: readonly Backend[]): Reach {
  const own = new Map<string, RealmOptions>()
  const foreign = new Map(backends.flatMap(({ realms }) => [...realms]))
  for (const { realm, realmName, role, endpoints } of routes) {
    const backend = backends.find(({ realms }) => realms.has(realmName)) ?? realm.fail('must be a realm of a router worker in this configuration: other nodes are not supported')
    for (const endpoint of endpoints) {
      if (!backend.transports.some((transport) => isSameEndpoint(transport, endpoint))) endpoint.fail('must be the endpoint of the router worker with this realm: other nodes are not supported')
    }
    const { roles: { [role]: options, ...rest }, ...others } = foreign.get(realmName)!
    if (options === undefined) {
      realm.warn(`has the role "${role}", which the realm does not have`)
      continue
    }
    own.set(realmName, { ...others, roles: { ...own.get(realmName)?.roles, [role]: options } })
    foreign.set(realmName, { ...others, roles: rest })
  }
  return { own, foreign: new Map([...foreign].filter(([, { roles }]) => Object.keys(roles).length > 0)) }
}

/** The names of connections: one, or a list. */
function readTargets (setting: Setting): readonly Setting[] {
  return setting.isList ? setting.list() : [setting]
}

function endpointOf (name: Setting, connections: ReadonlyMap<string, Setting>): Setting {
  const connection = connections.get(name.text()) ?? name.fail('must name one of "connections"')
  return connection.member('transport').member('endpoint')
}

/** True if a client's endpoint is that of a listening transport on this machine. */
function isSameEndpoint (transport: Setting, client: Setting): boolean {
  const listening = transport.map().get('endpoint')
  return listening !== undefined && isDeepStrictEqual(placeOf(listening), placeOf(client)) && isLocal(client)
}

function placeOf (endpoint: Setting): readonly unknown[] {
  return ['type', 'path', 'port'].map((key) => endpoint.map().get(key)?.raw)
}

function isLocal (client: Setting): boolean {
  const host = client.map().get('host')?.raw
  return host === undefined || ['localhost', '127.0.0.1', '::1'].includes(host as string)
}
