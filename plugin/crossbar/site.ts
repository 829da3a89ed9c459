import { isDeepStrictEqual } from 'node:util'
import type { BridgeOptions, EndpointOptions, StaticOptions } from '../options.ts'
import type { CookieSettings } from './cookie.ts'
import type { Reach } from './realms.ts'
import type { Setting } from './setting.ts'
import type { Https } from './tls.ts'

/** Where the HTTP server listens. */
export interface Listen {
  /** The address or name of an interface. */
  readonly host: string
  /** The port. */
  readonly port: number
}

/** What the services of a transport are read with. */
export interface Scope {
  /** Where what they serve is put. */
  readonly site: Site
  /** What names of files are relative to. */
  readonly directory: string
  /** The realms that their clients can join. */
  readonly reach: Reach
}

/** All that is served on the one port. Two settings that contradict each other are an error that names both. */
export class Site {
  /** The address, or undefined as long as no transport is served. */
  listen: Listen | undefined
  /** How TLS ends at that address, or null if it does not. */
  https: Https | null = null
  /** Bytes of one message, or undefined for the plugin's default. */
  messageSize: number | undefined
  /** The directories that are served. */
  readonly static: StaticOptions[] = []
  /** The WebSocket routes. */
  readonly endpoints: EndpointOptions[] = []
  /** The HTTP bridges. */
  readonly bridges: BridgeOptions[] = []

  readonly #owners = new Map<string, Setting>()
  readonly #facts = new Map<string, { value: unknown, setting: Setting }>()

  /** Takes the address of a transport. There is one port: all transports must be on it. */
  listenOn ({ listen, https }: { listen: Listen, https: Https | null }, setting: Setting): void {
    this.#agree('listen', { listen, https }, setting, 'one port of one interface is served')
    this.listen = listen
    this.https = https
  }

  /** Takes the limit of a WebSocket route, which is the limit of all. */
  limitMessages (size: number, setting: Setting): void {
    this.#agree('messageSize', size, setting, 'there is one limit for all')
    this.messageSize = size
  }

  /** Serves a directory. */
  serveFiles (files: StaticOptions & { prefix: string }, setting: Setting): void {
    this.#claim(files.prefix, setting)
    this.static.push(files)
  }

  /** Serves a WebSocket route. */
  serveWebsocket (endpoint: EndpointOptions & { path: string }, setting: Setting): void {
    this.#claim(endpoint.path, setting)
    this.endpoints.push(endpoint)
  }

  /** Serves an HTTP bridge at a path. */
  serveBridge (bridge: BridgeOptions, path: string, setting: Setting): void {
    this.#claim(path, setting)
    this.bridges.push(bridge)
  }

  /** Takes a cookie. Routes whose cookies have one name share it and its store, so they must describe it alike. */
  trackBy (cookie: CookieSettings, setting: Setting): void {
    this.#agree(`cookie ${cookie.name}`, cookie, setting, 'a cookie of one name has one store and one set of attributes')
  }

  #claim (url: string, setting: Setting): void {
    const path = url.replace(/(?<=.)\/$|\*$/, '')
    const owner = this.#owners.get(path)
    if (owner !== undefined) setting.fail(`must be at another path: "${owner.path}" is at ${path}`)
    this.#owners.set(path, setting)
  }

  #agree (fact: string, value: unknown, setting: Setting, why: string): void {
    const first = this.#facts.get(fact)
    if (first !== undefined && !isDeepStrictEqual(first.value, value)) setting.fail(`must be the same as "${first.setting.path}": ${why}`)
    this.#facts.set(fact, first ?? { value, setting })
  }
}
