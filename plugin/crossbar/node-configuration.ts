import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { refuseUnknown } from '../did-you-mean.ts'
import type { BridgeOptions, EndpointOptions, FastifyWampOptions, FileOptions } from '../options.ts'
import type { Listen, Port } from './port.ts'
import { reachOfProxy, readProxy } from './proxies.ts'
import type { Backend, ProxyWorker } from './proxies.ts'
import type { LongPollOptions } from '../longpoll-options.ts'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import { readRealms } from './realms.ts'
import type { Realms } from './realms.ts'
import { Setting } from './setting.ts'
import { Site } from './site.ts'
import type { Https } from './tls.ts'
import { warnOfComponents } from './stranded.ts'
import { readTransport } from './transports.ts'

/** The names of a configuration file in its folder. */
export const CONFIGURATION_FILES = ['config.json', 'config.yaml', 'config.yml'] as const

/** Information that is not in a Crossbar.io node configuration. */
export interface CrossbarOptions {
  /** The base directory for relative file names: the folder `.crossbar`. @default the working directory */
  directory?: string
  /**
   * The configuration file, which contains secrets: a `static` service whose directory would serve it is rejected.
   * @default `config.json`, `config.yaml` and `config.yml` in `directory`, if they exist
   */
  filename?: string
  /** The variables for `${NAME}`. @default process.env */
  env?: Readonly<Record<string, string | undefined>>
}

/** What is served at one port. */
export interface ServedPort {
  /** The options for `fastify.listen`. */
  readonly listen: Listen
  /** The options for `Fastify({ https })`; null if the port has no TLS. */
  readonly https: Https | null
  /** The options for `fastify.register(wampEndpoint, endpoint)`, one for each WebSocket route that is not the plugin's own. */
  readonly endpoints: readonly EndpointOptions[]
  /** The options for `fastify.register(wampLongPoll, longPoll)`. */
  readonly longPolls: readonly LongPollOptions[]
  /** The options for `fastify.register(wampBridge, bridge)`. */
  readonly bridges: readonly BridgeOptions[]
  /** The options for `fastify.register(wampRawSocket, rawSocket)`. Those with `sharePort` belong to this port. */
  readonly rawSockets: readonly RawSocketOptions[]
}

/** A further port, which needs a Fastify app of its own. */
export interface PortConfiguration extends ServedPort {
  /** The options for `fastify.register(wampPort, { app, ...port })`. */
  readonly port: FileOptions
}

/** The plugin options for a Crossbar.io node configuration. */
export interface NodeConfiguration extends ServedPort {
  /** The options for `fastify.register(wampPlugin, plugin)`. */
  readonly plugin: FastifyWampOptions
  /** The further ports: one for each address in the configuration, except the address that `listen` contains. */
  readonly ports: readonly PortConfiguration[]
  /** Settings that are not supported or that behave differently, each with its path in the configuration. */
  readonly warnings: readonly string[]
}

interface RouterWorker extends Backend {
  readonly setting: Setting
  readonly components: Setting | undefined
}

interface Workers {
  readonly routers: readonly RouterWorker[]
  readonly proxies: readonly ProxyWorker[]
}

/**
 * Converts a Crossbar.io node configuration (version 2, as parsed from JSON or YAML) to options of the plugin. Invalid settings, and
 * unsupported settings that affect authentication or permissions, throw WAMP_ERR_CROSSBAR_CONFIG with the path in the configuration. Other
 * unsupported settings cause warnings. Unknown options throw WAMP_ERR_INVALID_OPTION.
 */
export function fromCrossbarConfig (config: unknown, options: CrossbarOptions = {}): NodeConfiguration {
  refuseUnknown(options, ['directory', 'env', 'filename'])
  const { directory = '.', filename, env = process.env } = options
  const warnings: string[] = []
  const node = new Setting(config, '', { env, warnings }).record({ served: ['version', 'controller', 'workers'], silent: ['$schema'] })
  node.get('version').oneOf([2])
  const controller = node.find('controller')
  if (controller !== undefined) warnOfController(controller)

  const setting = node.get('workers')
  const { routers, proxies } = readWorkers(setting)
  const realms = mergeRealms(routers)
  const site = new Site()
  const files = filename === undefined ? CONFIGURATION_FILES.map((name) => join(directory, name)).filter((path) => existsSync(path)) : [filename]
  for (const file of files) site.addSecret(resolve(file), 'the configuration file')
  for (const { realms: own, transports } of routers) {
    const reach = { own, foreign: new Map([...realms].filter(([name]) => !own.has(name))) }
    for (const transport of transports) readTransport(transport, { site, directory, reach })
  }
  for (const proxy of proxies) {
    const reach = reachOfProxy(proxy, routers)
    for (const transport of proxy.transports) readTransport(transport, { site, directory, reach })
  }

  site.checkFiles()
  const served = site.ports
  for (const { components } of routers) {
    if (components !== undefined && components.list().length > 0) warnOfComponents(components, [...served.flatMap(({ endpoints, longPolls, rawSockets }) => [...endpoints, ...longPolls, ...rawSockets]), ...site.rawSockets])
  }

  const [main, ...others] = served
  const [first, ...endpoints] = main?.endpoints ?? []
  if (main === undefined || first === undefined) return setting.fail('must have a router with a WebSocket transport, otherwise no client could connect')
  const plugin: FastifyWampOptions = {
    dialect: 'crossbar',
    ...first,
    realms: Object.fromEntries(realms),
    ...filesOf(main),
    ...(site.messageSize === undefined ? {} : { limits: { messageSize: site.messageSize } })
  }
  const ports = others.map((port) => ({ ...servicesOf(port), port: filesOf(port), endpoints: port.endpoints }))
  return { ...servicesOf(main), plugin, endpoints, ports, rawSockets: [...main.rawSockets, ...site.rawSockets], warnings }
}

/** The services of a port in addition to files and WebSocket routes. */
function servicesOf ({ listen, https, longPolls, bridges, rawSockets }: Port): Omit<ServedPort, 'endpoints'> {
  return { listen, https, longPolls, bridges, rawSockets }
}

function filesOf ({ static: folders }: Port): FileOptions {
  return folders.length === 0 ? {} : { static: folders }
}

function warnOfController (setting: Setting): void {
  const controller = setting.record({ served: ['options'], unserved: ['manhole', 'connections', 'keyring'], silent: ['id'] })
  controller.find('options')?.record({ served: [], unserved: ['shutdown', 'enable_parallel_worker_start'], silent: ['title'] })
}

function readWorkers (setting: Setting): Workers {
  const routers: RouterWorker[] = []
  const proxies: ProxyWorker[] = []
  for (const worker of setting.list()) {
    const type = worker.member('type').string()
    if (type === 'router') routers.push(readRouter(worker))
    else if (type === 'proxy') proxies.push(readProxy(worker))
    else worker.warn('is not started: run its components as separate WAMP clients')
  }
  return { routers, proxies }
}

function readRouter (setting: Setting): RouterWorker {
  const worker = setting.record({
    served: ['type', 'realms', 'transports', 'components', 'options'], unserved: ['manhole', 'connections'], silent: ['id']
  })
  for (const option of worker.find('options')?.map().values() ?? []) option.warn('has no equivalent')
  const realms = worker.find('realms')
  return { setting, realms: realms === undefined ? new Map() : readRealms(realms), transports: worker.find('transports')?.list() ?? [], components: worker.find('components') }
}

function mergeRealms (workers: readonly RouterWorker[]): Realms {
  const owners = new Map<string, Setting>()
  for (const { setting, realms } of workers) {
    for (const name of realms.keys()) {
      const owner = owners.get(name)
      if (owner !== undefined) setting.member('realms').fail(`must not have the realm "${name}": "${owner.path}" has it, and both are served by one router`)
      owners.set(name, setting)
    }
  }
  return new Map(workers.flatMap(({ realms }) => [...realms]))
}
