import type { Test } from 'tap'
import { fromCrossbarConfig } from '../../plugin/crossbar/node-configuration.ts'
import type { CrossbarOptions, NodeConfiguration } from '../../plugin/crossbar/node-configuration.ts'

type Dict = Record<string, unknown>

export const everything = { uri: '', match: 'prefix', allow: { call: true, register: true, publish: true, subscribe: true } }
export const realm1 = {
  name: 'realm1',
  roles: [{ name: 'anonymous', permissions: [everything] }, { name: 'frontend', permissions: [{ uri: 'com.example.*', allow: { call: true } }] }]
}
/** The path of the sample's WebSocket service. */
export const WS = 'workers[0].transports[0].paths.ws'

/** What is taken from the environment: `${NAME}`. */
export function variable (name: string): string {
  return `\${${name}}`
}

/** A node with one router worker. */
export function node (worker: Dict = {}): Dict {
  return { version: 2, workers: [{ type: 'router', realms: [realm1], transports: [web({ ws: { type: 'websocket' } })], ...worker }] }
}

/** A web transport with these paths. */
export function web (paths: Dict, more: Dict = {}): Dict {
  return { type: 'web', endpoint: { type: 'tcp', port: 8080 }, paths, ...more }
}

/** A node whose one WebSocket service, at `ws`, is this. */
export function websocket (service: Dict): Dict {
  return node({ transports: [web({ ws: { type: 'websocket', ...service } })] })
}

export function convert (config: unknown, options: CrossbarOptions = {}): NodeConfiguration {
  return fromCrossbarConfig(config, { directory: '/node/.crossbar', env: {}, ...options })
}

/** Asserts that a configuration is refused, in words that begin with the path of what is wrong. */
export function refused (t: Test, config: unknown, path: string, expected: string, options: CrossbarOptions = {}): void {
  t.throws(() => convert(config, options), {
    code: 'WAMP_ERR_CROSSBAR_CONFIG', message: `The configuration's "${path}" ${expected}`
  }, `${path} ${expected}`)
}
