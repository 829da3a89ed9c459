import { isDeepStrictEqual } from 'node:util'
import type { LongPollOptions } from '../longpoll-options.ts'
import type { BridgeOptions, EndpointOptions, StaticOptions } from '../options.ts'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import type { Setting } from './setting.ts'
import type { Https } from './tls.ts'

/** The address of the HTTP server. */
export interface Listen {
  /** The address or name of a network interface. */
  readonly host: string
  /** The port. */
  readonly port: number
}

/** A service at a path of a port. */
interface Owner { readonly service: unknown, readonly setting: Setting, readonly shared: boolean }

const everywhere = ['0.0.0.0', '::']

/** True if both addresses could not be listened on at once. */
export function overlap (one: Listen, other: Listen): boolean {
  return one.port === other.port && (one.host === other.host || [one.host, other.host].some((host) => everywhere.includes(host)))
}

/** Everything that is served at one port. */
export class Port {
  readonly listen: Listen
  /** The TLS options, or null without TLS. */
  readonly https: Https | null
  /** The endpoint of its first transport. */
  readonly setting: Setting
  /** True if the transport that is being read shares the port with those of other workers. */
  shared = false
  /** The served directories. */
  readonly static: StaticOptions[] = []
  /** The WebSocket routes. */
  readonly endpoints: EndpointOptions[] = []
  /** The long-poll routes. */
  readonly longPolls: LongPollOptions[] = []
  /** The HTTP bridges. */
  readonly bridges: BridgeOptions[] = []
  /** RawSocket, if it shares the port: at most one. */
  readonly rawSockets: RawSocketOptions[] = []
  /** The served directories, with their settings. */
  readonly folders: { readonly root: string, readonly setting: Setting }[] = []

  #rawSocketOwner: Owner | undefined
  readonly #owners = new Map<string, Owner>()

  constructor (listen: Listen, https: Https | null, setting: Setting) {
    this.listen = listen
    this.https = https
    this.setting = setting
  }

  /** Adds a directory. `setting` is the service, `directory` its setting of that name. */
  serveFiles (files: { root: string, prefix: string }, setting: Setting, directory: Setting): void {
    if (!this.#claim(files.prefix, files, setting)) return
    this.static.push(files)
    this.folders.push({ root: files.root, setting: directory })
  }

  /** Adds a WebSocket route. */
  serveWebsocket (endpoint: EndpointOptions & { path: string }, setting: Setting): void {
    if (this.#claim(endpoint.path, endpoint, setting)) this.endpoints.push(endpoint)
  }

  /** Adds long-poll routes. */
  serveLongPoll (endpoint: LongPollOptions & { path: string }, setting: Setting): void {
    if (this.#claim(endpoint.path, endpoint, setting)) this.longPolls.push(endpoint)
  }

  /** Adds an HTTP bridge at a path. */
  serveBridge (bridge: BridgeOptions, path: string, setting: Setting): void {
    if (this.#claim(path, bridge, setting)) this.bridges.push(bridge)
  }

  /** Lets RawSocket clients use the port. Other workers that share the port must have the same. */
  shareRawSocket (rawSocket: RawSocketOptions, setting: Setting): void {
    const owner = this.#rawSocketOwner
    if (owner === undefined) {
      this.#rawSocketOwner = { service: rawSocket, setting, shared: this.shared }
      this.rawSockets.push(rawSocket)
    } else if (!owner.shared || !this.shared || !isDeepStrictEqual(owner.service, rawSocket)) {
      setting.fail(`must be the same as "${owner.setting.path}", and both workers must share the port`)
    }
  }

  /** Returns false if another worker that shares the port has the same service at the path. Fails for a different one. */
  #claim (url: string, service: unknown, setting: Setting): boolean {
    const path = url.replace(/(?<=.)\/$|\*$/, '')
    const owner = this.#owners.get(path)
    if (owner === undefined) {
      this.#owners.set(path, { service, setting, shared: this.shared })
      return true
    }
    if (!owner.shared || !this.shared) setting.fail(`must be at another path: "${owner.setting.path}" is at ${path}`)
    if (!isDeepStrictEqual(owner.service, service)) setting.fail(`must be the same service as "${owner.setting.path}", which shares the port and is also at ${path}`)
    return false
  }
}
