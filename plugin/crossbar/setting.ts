import { errors } from '../errors.ts'

/** The state that the settings of one configuration share. */
export interface Reading {
  /** The variables for `${NAME}`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The warnings about unsupported settings so far. */
  readonly warnings: string[]
}

/** The keys of a dict. Any other key is an error. */
export interface Keys<Served extends string> {
  readonly served: readonly Served[]
  /** Keys that cause a warning, because they are not supported. */
  readonly unserved?: readonly string[]
  /** Keys that are irrelevant to a router, such as names. */
  readonly silent?: readonly string[]
}

/**
 * A value of a configuration, and its path. The reader states the requirement. If it is not met, the error WAMP_ERR_CROSSBAR_CONFIG names
 * the path. Messages never quote values, because they may be secrets.
 */
export class Setting {
  /** For example `workers[0].transports[0].paths.ws`. */
  readonly path: string
  readonly #value: unknown
  readonly #reading: Reading

  constructor (value: unknown, path: string, reading: Reading) {
    this.path = path
    this.#value = value
    this.#reading = reading
  }

  /** Throws WAMP_ERR_CROSSBAR_CONFIG. `expected` follows the path, such as `must be a string`. */
  fail (expected: string): never {
    throw new errors.WAMP_ERR_CROSSBAR_CONFIG(this.path === '' ? '.' : this.path, expected)
  }

  /** Warns that this is not supported, or only differently. */
  warn (text: string): void {
    this.#reading.warnings.push(`${this.path} ${text}`)
  }

  /** A string, which may be empty. A string of the form `${NAME}` is taken from the environment. */
  string (): string {
    const value = this.#value
    if (typeof value !== 'string') return this.fail('must be a string')
    const [, name] = /^\$\{(.+)\}$/s.exec(value) ?? []
    return name === undefined ? value : this.#variable(name)
  }

  /** A non-empty string. */
  text (): string {
    const text = this.string()
    return text === '' ? this.fail('must not be empty') : text
  }

  /** One of several values. */
  oneOf<const T extends string | number> (choices: readonly T[]): T {
    const value = typeof this.#value === 'string' ? this.string() : this.#value
    return choices.find((choice) => choice === value) ?? this.fail(`must be ${choices.map((choice) => JSON.stringify(choice)).join(' or ')}`)
  }

  /** `true` or `false`. */
  flag (): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.fail('must be true or false')
  }

  /** An integer in a range. It may come from the environment, as `${NAME}` or `$NAME`. */
  integer (least: number, most = Number.MAX_SAFE_INTEGER): number {
    const number = this.#number()
    if (number !== undefined && number >= least && number <= most) return number
    return this.fail(most === Number.MAX_SAFE_INTEGER ? `must be a whole number of ${least} or more` : `must be a whole number from ${least} to ${most}`)
  }

  /** True for a list. */
  get isList (): boolean {
    return Array.isArray(this.#value)
  }

  /** The unchecked value, to compare it with another one. */
  get raw (): unknown {
    return this.#value
  }

  /** A list. */
  list (): readonly Setting[] {
    if (!Array.isArray(this.#value)) return this.fail('must be a list')
    return this.#value.map((value: unknown, i) => new Setting(value, `${this.path}[${i}]`, this.#reading))
  }

  /** A dict with user-defined keys. */
  map (): ReadonlyMap<string, Setting> {
    const value = this.#value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.fail('must be a dict')
    const present = Object.entries(value).filter(([, entry]) => entry !== undefined)
    return new Map(present.map(([key, entry]) => [key, new Setting(entry, join(this.path, key), this.#reading)]))
  }

  /** A required entry of a dict that may contain others: its `type` determines how to read the rest. */
  member (key: string): Setting {
    return this.map().get(key) ?? this.fail(`must have "${key}"`)
  }

  /** A dict with keys that the format of the configuration defines. */
  record<const Served extends string> ({ served, unserved = [], silent = [] }: Keys<Served>): Settings<Served> {
    const known = new Set<string>([...served, ...unserved, ...silent])
    const settings = this.map()
    for (const [key, setting] of settings) {
      if (!known.has(key)) setting.fail('is unknown')
      if (unserved.includes(key)) setting.warn('has no equivalent')
    }
    return new Settings(this, settings)
  }

  #number (): number | undefined {
    const value = this.#value
    if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
    const [, braced, bare] = typeof value === 'string' ? /^\$(?:\{(.+)\}|([A-Za-z_]\w*))$/s.exec(value) ?? [] : []
    const name = braced ?? bare
    const text = name === undefined ? '' : this.#variable(name)
    return /^\d+$/.test(text) ? Number(text) : undefined
  }

  #variable (name: string): string {
    const { env } = this.#reading
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    return value ?? this.fail(`needs the environment variable ${name}`)
  }
}

/** The settings of a dict, by key. An undeclared key does not compile. */
export class Settings<Served extends string> {
  readonly #whole: Setting
  readonly #settings: ReadonlyMap<string, Setting>

  constructor (whole: Setting, settings: ReadonlyMap<string, Setting>) {
    this.#whole = whole
    this.#settings = settings
  }

  /** An optional setting. */
  find (key: Served): Setting | undefined {
    return this.#settings.get(key)
  }

  /** A required setting. */
  get (key: Served): Setting {
    return this.#settings.get(key) ?? this.#whole.fail(`must have "${key}"`)
  }
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Removes undefined keys, so that the plugin's own defaults apply. */
export function present<T extends object> (given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>
}

function join (path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}
