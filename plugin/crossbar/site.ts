import { isDeepStrictEqual } from 'node:util'
import type { BridgeOptions, EndpointOptions, StaticOptions } from '../options.ts'
import { isServed } from '../served-files.ts'
import type { CookieSettings } from './cookie.ts'
import type { Reach } from './realms.ts'
import type { Setting } from './setting.ts'
import type { Https } from './tls.ts'

/** The address of the HTTP server. */
export interface Listen {
  /** The address or name of a network interface. */
  readonly host: string
  /** The port. */
  readonly port: number
}

/** The context for reading the services of a transport. */
export interface Scope {
  /** Collects what the services serve. */
  readonly site: Site
  /** The base directory for relative file names. */
  readonly directory: string
  /** The realms that their clients can join. */
  readonly reach: Reach
}

/** Everything that is served on the single port. Two contradictory settings cause an error that names both. */
export class Site {
  /** The address, or undefined until a transport is served. */
  listen: Listen | undefined
  /** The TLS options of that address, or null without TLS. */
  https: Https | null = null
  /** The maximum number of bytes in a message, or undefined for the plugin's default. */
  messageSize: number | undefined
  /** The served directories. */
  readonly static: StaticOptions[] = []
  /** The WebSocket routes. */
  readonly endpoints: EndpointOptions[] = []
  /** The HTTP bridges. */
  readonly bridges: BridgeOptions[] = []

  readonly #folders: { readonly root: string, readonly setting: Setting }[] = []
  readonly #secrets: { readonly filename: string, readonly what: string }[] = []
  readonly #owners = new Map<string, { readonly service: unknown, readonly setting: Setting, readonly shared: boolean }>()
  #shared = false
  readonly #facts = new Map<string, { value: unknown, setting: Setting }>()

  /** Sets the address of a transport. All transports must use the same port. The services of shared ones may be the same. */
  listenOn ({ listen, https, shared }: { listen: Listen, https: Https | null, shared: boolean }, setting: Setting): void {
    this.#agree('listen', { listen, https }, setting, 'only one port of one interface is supported')
    this.listen = listen
    this.https = https
    this.#shared = shared
  }

  /** Sets the limit of a WebSocket route, which applies to all of them. */
  limitMessages (size: number, setting: Setting): void {
    this.#agree('messageSize', size, setting, 'there is one limit for all')
    this.messageSize = size
  }

  /** Adds a directory. `setting` is the service, `directory` its setting of that name. */
  serveFiles (files: { root: string, prefix: string }, setting: Setting, directory: Setting): void {
    if (!this.#claim(files.prefix, files, setting)) return
    this.static.push(files)
    this.#folders.push({ root: files.root, setting: directory })
  }

  /** Adds a file that must not be served, by its absolute name. `what` describes it in errors. */
  addSecret (filename: string, what: string): void {
    this.#secrets.push({ filename, what })
  }

  /** Fails if a directory would serve a secret file. */
  checkFiles (): void {
    for (const { root, setting } of this.#folders) {
      for (const { filename, what } of this.#secrets) if (isServed(root, filename)) setting.fail(`must not contain ${what}: it would be served`)
    }
  }

  /** Adds a WebSocket route. */
  serveWebsocket (endpoint: EndpointOptions & { path: string }, setting: Setting): void {
    if (this.#claim(endpoint.path, endpoint, setting)) this.endpoints.push(endpoint)
  }

  /** Adds an HTTP bridge at a path. */
  serveBridge (bridge: BridgeOptions, path: string, setting: Setting): void {
    if (this.#claim(path, bridge, setting)) this.bridges.push(bridge)
  }

  /** Adds a cookie. Routes whose cookies have the same name share the cookie and its store, so their settings must be equal. */
  trackBy (cookie: CookieSettings, setting: Setting): void {
    this.#agree(`cookie ${cookie.name}`, cookie, setting, 'cookies with the same name must have the same store and attributes')
  }

  /** Returns false if another worker that shares the port has the same service at the path. Fails for a different one. */
  #claim (url: string, service: unknown, setting: Setting): boolean {
    const path = url.replace(/(?<=.)\/$|\*$/, '')
    const owner = this.#owners.get(path)
    if (owner === undefined) {
      this.#owners.set(path, { service, setting, shared: this.#shared })
      return true
    }
    if (!owner.shared || !this.#shared) setting.fail(`must be at another path: "${owner.setting.path}" is at ${path}`)
    if (!isDeepStrictEqual(owner.service, service)) setting.fail(`must be the same service as "${owner.setting.path}", which shares the port and is also at ${path}`)
    return false
  }

  #agree (fact: string, value: unknown, setting: Setting, why: string): void {
    const first = this.#facts.get(fact)
    if (first !== undefined && !isDeepStrictEqual(first.value, value)) setting.fail(`must be the same as "${first.setting.path}": ${why}`)
    this.#facts.set(fact, first ?? { value, setting })
  }
}
