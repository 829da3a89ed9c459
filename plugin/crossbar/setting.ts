import { errors } from '../errors.ts'

/** What the settings of one configuration share. */
export interface Reading {
  /** Where `${NAME}` is looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What was said so far about settings that are not served. */
  readonly warnings: string[]
}

/** Which keys a dict may have. Any other one is an error. */
export interface Keys<Served extends string> {
  readonly served: readonly Served[]
  /** A warning says that they have no counterpart here. */
  readonly unserved?: readonly string[]
  /** They mean nothing to a router: names of things, and the like. */
  readonly silent?: readonly string[]
}

/**
 * One value of a configuration, and where it stands. Whoever reads it says what it must be; if it is not, the error
 * WAMP_ERR_CROSSBAR_CONFIG names the path. No message ever quotes a value: it may be a secret.
 */
export class Setting {
  /** Such as `workers[0].transports[0].paths.ws`. */
  readonly path: string
  readonly #value: unknown
  readonly #reading: Reading

  constructor (value: unknown, path: string, reading: Reading) {
    this.path = path
    this.#value = value
    this.#reading = reading
  }

  /** Throws WAMP_ERR_CROSSBAR_CONFIG: `expected` goes on after the path, such as `must be a string`. */
  fail (expected: string): never {
    throw new errors.WAMP_ERR_CROSSBAR_CONFIG(this.path === '' ? '.' : this.path, expected)
  }

  /** Says that this is not served, or served in another way. */
  warn (text: string): void {
    this.#reading.warnings.push(`${this.path} ${text}`)
  }

  /** A string, maybe an empty one. One that is wholly `${NAME}` is taken from the environment. */
  string (): string {
    const value = this.#value
    if (typeof value !== 'string') return this.fail('must be a string')
    const [, name] = /^\$\{(.+)\}$/s.exec(value) ?? []
    return name === undefined ? value : this.#variable(name)
  }

  /** A string that is not empty. */
  text (): string {
    const text = this.string()
    return text === '' ? this.fail('must not be empty') : text
  }

  /** One of some values. */
  oneOf<const T extends string | number> (choices: readonly T[]): T {
    const value = typeof this.#value === 'string' ? this.string() : this.#value
    return choices.find((choice) => choice === value) ?? this.fail(`must be ${choices.map((choice) => JSON.stringify(choice)).join(' or ')}`)
  }

  /** `true` or `false`. */
  flag (): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.fail('must be true or false')
  }

  /** A whole number in a range. It may come from the environment, as `${NAME}` or `$NAME`. */
  integer (least: number, most = Number.MAX_SAFE_INTEGER): number {
    const number = this.#number()
    if (number !== undefined && number >= least && number <= most) return number
    return this.fail(most === Number.MAX_SAFE_INTEGER ? `must be a whole number of ${least} or more` : `must be a whole number from ${least} to ${most}`)
  }

  /** A list. */
  list (): readonly Setting[] {
    if (!Array.isArray(this.#value)) return this.fail('must be a list')
    return this.#value.map((value: unknown, i) => new Setting(value, `${this.path}[${i}]`, this.#reading))
  }

  /** A dict whose keys are the user's own names. */
  map (): ReadonlyMap<string, Setting> {
    const value = this.#value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.fail('must be a dict')
    const present = Object.entries(value).filter(([, entry]) => entry !== undefined)
    return new Map(present.map(([key, entry]) => [key, new Setting(entry, join(this.path, key), this.#reading)]))
  }

  /** One entry that a dict must have, whatever else is in it: its `type` tells how to read the rest. */
  member (key: string): Setting {
    return this.map().get(key) ?? this.fail(`must have "${key}"`)
  }

  /** A dict whose keys the format of the configuration fixes. */
  record<const Served extends string> ({ served, unserved = [], silent = [] }: Keys<Served>): Settings<Served> {
    const known = new Set<string>([...served, ...unserved, ...silent])
    const settings = this.map()
    for (const [key, setting] of settings) {
      if (!known.has(key)) setting.fail('is not known')
      if (unserved.includes(key)) setting.warn('has no counterpart')
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

/** The settings of a dict by their keys; a key that was not announced does not compile. */
export class Settings<Served extends string> {
  readonly #whole: Setting
  readonly #settings: ReadonlyMap<string, Setting>

  constructor (whole: Setting, settings: ReadonlyMap<string, Setting>) {
    this.#whole = whole
    this.#settings = settings
  }

  /** A setting that may be absent. */
  find (key: Served): Setting | undefined {
    return this.#settings.get(key)
  }

  /** A setting that must be there. */
  get (key: Served): Setting {
    return this.#settings.get(key) ?? this.#whole.fail(`must have "${key}"`)
  }
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the keys that are undefined, so that the plugin's own defaults count. */
export function present<T extends object> (given: T): Present<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Present<T>
}

function join (path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}
