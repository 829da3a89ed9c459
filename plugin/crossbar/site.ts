import { isDeepStrictEqual } from 'node:util'
import { areConfusable } from '../check-logins.ts'
import type { LoginEndpoint } from '../check-logins.ts'
import type { RawSocketOptions } from '../rawsocket-options.ts'
import { isServed } from '../served-files.ts'
import type { CookieSettings } from './cookie.ts'
import { overlap, Port } from './port.ts'
import type { Listen } from './port.ts'
import type { Reach } from './realms.ts'
import type { Setting } from './setting.ts'
import type { Https } from './tls.ts'

/** The context for reading a transport. */
export interface Scope {
  /** Collects what the node serves. */
  readonly site: Site
  /** The base directory for relative file names. */
  readonly directory: string
  /** The realms that the transport's clients can join. */
  readonly reach: Reach
}

/** The context for reading the services of a transport. */
export interface PortScope extends Scope {
  readonly port: Port
}

/** Everything that is served, at all ports. Two contradictory settings cause an error that names both. */
export class Site {
  /** The maximum number of bytes in a message, or undefined for the plugin's default. */
  messageSize: number | undefined
  /** The RawSocket listeners with ports of their own. */
  readonly rawSockets: RawSocketOptions[] = []
  readonly #ports: Port[] = []
  readonly #rawAddresses: { readonly listen: Listen, readonly setting: Setting }[] = []
  readonly #secrets: { readonly filename: string, readonly what: string }[] = []
  readonly #endpoints: { readonly endpoint: LoginEndpoint, readonly setting: Setting }[] = []
  readonly #facts = new Map<string, { value: unknown, setting: Setting }>()

  /** The ports that serve something. The first one has a WebSocket route, if any has. */
  get ports (): readonly Port[] {
    const serving = this.#ports.filter(({ static: folders, endpoints, longPolls, bridges, rawSockets }) => [folders, endpoints, longPolls, bridges, rawSockets].flat().length > 0)
    return [...serving.filter(({ endpoints }) => endpoints.length > 0), ...serving.filter(({ endpoints }) => endpoints.length === 0)]
  }

  /** The port at the address of a transport. The services of shared ones may be the same. */
  listenOn ({ listen, https, shared }: { listen: Listen, https: Https | null, shared: boolean }, setting: Setting): Port {
    const raw = this.#rawAddresses.find((other) => overlap(other.listen, listen))
    if (raw !== undefined) setting.fail(`must have another port: "${raw.setting.path}" has it`)
    const known = this.#ports.find((port) => overlap(port.listen, listen))
    const port = known ?? new Port(listen, https, setting)
    if (known === undefined) this.#ports.push(port)
    else if (!isDeepStrictEqual([known.listen, known.https], [listen, https])) setting.fail(`must be the same as "${known.setting.path}", which has the same port`)
    port.shared = shared
    return port
  }

  /** Adds a RawSocket listener, whose address no other transport may have. */
  addRawSocket (options: RawSocketOptions, setting: Setting): void {
    const { host, port } = options
    if (host !== undefined && port !== undefined) {
      const listen = { host, port }
      const owner = [...this.#ports, ...this.#rawAddresses].find((other) => overlap(other.listen, listen))
      if (owner !== undefined) setting.member('endpoint').fail(`must have another port: "${owner.setting.path}" has it`)
      this.#rawAddresses.push({ listen, setting: setting.member('endpoint') })
    }
    this.rawSockets.push(options)
  }

  /** Sets the limit of a WebSocket route, which applies to all of them. */
  limitMessages (size: number, setting: Setting): void {
    this.#agree('messageSize', size, setting, 'there is one limit for all')
    this.messageSize = size
  }

  /** Adds a file that must not be served, by its absolute name. `what` describes it in errors. */
  addSecret (filename: string, what: string): void {
    this.#secrets.push({ filename, what })
  }

  /** Fails if a directory would serve a secret file. */
  checkFiles (): void {
    for (const { root, setting } of this.#ports.flatMap(({ folders }) => folders)) {
      for (const { filename, what } of this.#secrets) if (isServed(root, filename)) setting.fail(`must not contain ${what}: it would be served`)
    }
  }

  /** Adds a cookie. Routes whose cookies have the same name share the cookie and its store, so their settings must be equal. */
  trackBy (cookie: CookieSettings, setting: Setting): void {
    this.#agree(`cookie ${cookie.name}`, cookie, setting, 'cookies with the same name must have the same store and attributes')
    if (cookie.store?.type === 'file') this.addSecret(cookie.store.filename, 'the cookie file')
    if (cookie.store?.type === 'database') this.addSecret(cookie.store.path, 'the cookie database')
  }

  /** Adds a WebSocket route. One at the same path of another port, with the same cookie, must have the same logins. */
  addLogins (endpoint: LoginEndpoint, setting: Setting): void {
    const other = this.#endpoints.find((one) => areConfusable(one.endpoint, endpoint))
    if (other !== undefined) setting.fail(`must have the same "auth" as "${other.setting.path}", another path, or a cookie with another name and store: a login there would also be valid here`)
    this.#endpoints.push({ endpoint, setting })
  }

  #agree (fact: string, value: unknown, setting: Setting, why: string): void {
    const first = this.#facts.get(fact)
    if (first !== undefined && !isDeepStrictEqual(first.value, value)) setting.fail(`must be the same as "${first.setting.path}": ${why}`)
    this.#facts.set(fact, first ?? { value, setting })
  }
}
