import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { defaults } from '../../plugin/option-defaults.ts'
import { defaultsIn, sectionOf, shapesOf, tablesOf } from './option-page.ts'
import { readOptionTypes } from './option-types.ts'
import type { Declared } from './option-types.ts'

type Section = keyof typeof defaults

/** Where a page documents the options of some types, and the defaults that apply to them. */
interface Place {
  readonly types: readonly string[]
  readonly defaults?: readonly Section[]
  readonly page?: string
  /** Empty for the text before the first heading. */
  readonly heading: string
  /** In a table, in a shape such as `{ uri, match? }`, or in a list of names. */
  readonly as: 'table' | 'shape' | 'list'
  /** The part of the section, such as one row. */
  readonly of?: RegExp
}

const places: readonly Place[] = [
  { types: ['EndpointOptions', 'FastifyWampOptions', 'FileOptions'], defaults: ['plugin', 'endpoint', 'files'], heading: 'Other options', as: 'table' },
  { types: ['EndpointOptions'], heading: 'Further endpoints', as: 'list', of: /`wampEndpoint` takes ([^.]*)\./g },
  { types: ['PortOptions', 'FileOptions'], defaults: ['files'], heading: 'Further ports', as: 'list', of: /`wampPort` takes ([^.]*)\./g },
  { types: ['LimitOptions'], defaults: ['limits'], heading: 'limits', as: 'table' },
  { types: ['FailedLoginOptions'], defaults: ['failedLogins'], heading: 'failedLogins', as: 'table' },
  { types: ['StaticOptions'], defaults: ['static'], heading: 'static', as: 'shape' },
  { types: ['RealmOptions'], defaults: ['realm'], heading: 'realms', as: 'table' },
  { types: ['RoleOptions'], defaults: ['role'], heading: 'realms', as: 'table' },
  { types: ['PermissionOptions'], defaults: ['permission'], heading: 'realms', as: 'shape', of: /A permission is .*/g },
  { types: ['PermissionOptions.allow'], defaults: ['allow'], heading: 'realms', as: 'list', of: /`allow` contains ([^.]*)\./g },
  { types: ['PermissionOptions.disclose'], defaults: ['disclose'], heading: 'realms', as: 'list', of: /`disclose` contains ([^.]*)\./g },
  { types: ['EventHistoryOptions'], defaults: ['eventHistory'], heading: 'realms', as: 'shape', of: /\| `eventHistory` .*/g },
  { types: ['SlowSubscriberOptions'], defaults: ['slowSubscribers'], heading: 'realms', as: 'shape', of: /\| `slowSubscribers` .*/g },
  { types: ['AnonymousOptions'], defaults: ['anonymous'], heading: 'auth', as: 'shape', of: /\| `anonymous` .*/g },
  { types: ['TicketOptions'], heading: 'auth', as: 'shape', of: /\| `ticket` .*/g },
  { types: ['TicketOptions.principals.*'], heading: 'auth', as: 'shape', of: /\| `ticket` .*/g },
  { types: ['WampCraOptions'], heading: 'auth', as: 'shape', of: /\| `wampcra` .*/g },
  { types: ['WampCraUser'], defaults: ['wampcraUser'], heading: 'auth', as: 'shape', of: /\| `wampcra` .*/g },
  { types: ['WampScramOptions'], heading: 'auth', as: 'shape', of: /\| `wamp-scram` .*/g },
  { types: ['ScramCredentials', 'WampScramPrincipal'], heading: 'auth', as: 'shape', of: /\| `wamp-scram` .*/g },
  { types: ['CryptosignOptions'], defaults: ['cryptosign'], heading: 'auth', as: 'shape', of: /\| `cryptosign` .*/g },
  { types: ['CryptosignPrincipal'], heading: 'auth', as: 'shape', of: /\| `cryptosign` .*/g },
  { types: ['TlsOptions'], heading: 'auth', as: 'shape', of: /\| `tls` .*/g },
  { types: ['TlsPrincipal'], heading: 'auth', as: 'shape', of: /\| `tls` .*/g },
  { types: ['CookieAuthOptions'], heading: 'auth', as: 'shape', of: /\| `cookie` .*/g },
  { types: ['DynamicAuthOptions'], defaults: ['dynamic'], heading: 'auth', as: 'shape' },
  { types: ['FunctionAuthOptions'], heading: 'auth', as: 'shape' },
  { types: ['CookieOptions'], defaults: ['cookie'], heading: 'cookie', as: 'table' },
  { types: ['MemoryStoreOptions'], heading: 'cookie', as: 'shape', of: /\| `store` .*/g },
  { types: ['FileStoreOptions'], defaults: ['fileStore'], heading: 'cookie', as: 'shape' },
  { types: ['DatabaseStoreOptions'], defaults: ['databaseStore'], heading: 'cookie', as: 'shape' },
  { types: ['RawSocketOptions'], defaults: ['rawSocket'], heading: 'RawSocket', as: 'table' },
  { types: ['LongPollOptions'], defaults: ['longPoll'], heading: 'Long-poll', as: 'table' },
  { types: ['CustomTransportOptions'], defaults: ['customTransport'], heading: 'Your own transport', as: 'table' },
  { types: ['BridgeOptions'], defaults: ['bridge'], heading: 'HTTP bridge', as: 'table' },
  { types: ['BridgeOptions.as'], defaults: ['bridgeUser'], heading: 'HTTP bridge', as: 'shape', of: /\| `as` .*/g },
  { types: ['BridgeOptions.signature'], defaults: ['signature'], heading: 'HTTP bridge', as: 'shape', of: /\| `signature` .*/g },
  { types: ['ConsoleOptions'], defaults: ['console'], heading: 'Console', as: 'table' },
  { types: ['InjectOptions'], defaults: ['inject'], page: 'docs/testing.md', heading: '', as: 'table' },
  { types: ['JoinOptions'], defaults: ['join'], page: 'docs/in-process.md', heading: '', as: 'shape' }
]

/** The types whose options are documented in another way, which a test of their own checks. */
const otherwise: readonly string[] = ['AuthOptions']

/** The options that have no value as their default, and whose absence needs no explanation. */
const withoutDefault: readonly string[] = [
  'PermissionOptions.match', 'PermissionOptions.cache', 'WampCraUser.salt', 'ScramCredentials.memory', 'TlsPrincipal.certificateSha1', 'TlsPrincipal.certificateSha256',
  'TicketOptions.principals.*.realm', 'CookieAuthOptions.verify', 'RawSocketOptions.port', 'RawSocketOptions.path'
]

/** The defaults that are documented in words: the value that the words stand for, and the words. */
const inWords: Readonly<Record<string, readonly [value: unknown, ...texts: string[]]>> = {
  'EndpointOptions.auth': [{ anonymous: { type: 'static' } }, 'only anonymous, with role `anonymous`'],
  'RawSocketOptions.auth': [{ anonymous: { type: 'static' } }, 'only anonymous, with role `anonymous`', 'anonymous'],
  'LongPollOptions.auth': [{ anonymous: { type: 'static' } }, 'only anonymous, with role `anonymous`', 'anonymous'],
  'CustomTransportOptions.auth': [{ anonymous: { type: 'static' } }, 'only anonymous, with role `anonymous`', 'anonymous'],
  'FastifyWampOptions.limits': [{}, 'see each limit'],
  'FastifyWampOptions.failedLogins': [{}, 'see each limit'],
  'FileOptions.static': [[], 'none'],
  'PermissionOptions.allow': [{}, 'every action is false'],
  'PermissionOptions.disclose': [{}, 'both false'],
  'CookieOptions.store': [{ type: 'memory' }, 'memory'],
  'CookieOptions.secret': [[], 'not signed']
}

const types = readOptionTypes()

type Values = Readonly<Record<string, unknown>>

/** The options of a type. Those of a Record are not declared: the compiler compares them with their defaults. */
function optionsOf (type: string, values: Values): ReadonlyMap<string, Declared> {
  return types.get(type) ?? new Map(Object.keys(values).map((name) => [name, { isOptional: true, description: '', stated: null }]))
}

/** The defaults of the options of a place. */
function valuesOf ({ defaults: sections = [] }: Place): Values {
  return Object.assign({}, ...sections.map((section) => defaults[section])) as Values
}

/** True if the text about the default of an option is right. */
function isStated (option: string, value: unknown, text: string): boolean {
  const [known, ...words] = inWords[option] ?? [undefined]
  if (words.includes(text)) return isDeepStrictEqual(value, known)
  // Words, and not a value.
  if (value == null) return withoutDefault.includes(option) || !/^(?:$|[`']*(?:[\d[{'/]|true\b|false\b))/.test(text)
  const plain = Array.isArray(value) ? `[${value.join(', ')}]` : typeof value === 'object' ? `{ ${Object.entries(value).map((entry) => entry.join(': ')).join(', ')} }` : String(value)
  const given = text.replaceAll(/['`]/g, '')
  return given.startsWith(plain) && !/^(?:\w|\.\d)/.test(given.slice(plain.length))
}

/** The text that documents the options of a place: a part of the section, or all of it. */
function partOf (section: string, { of }: Place): string {
  return of === undefined ? section : [...section.matchAll(of)].map(([match, part = match]) => part).join('\n')
}

for (const place of places) {
  const { types: names, page = 'docs/options.md', heading, as } = place
  t.test(`${page}${heading === '' ? '' : `, section "${heading}",`} documents the options of ${names.join(', ')} with the defaults that apply`, async (t) => {
    const section = sectionOf(page, heading)
    const part = partOf(section ?? '', place)
    const values = valuesOf(place)
    const options = new Map(names.flatMap((type) => [...optionsOf(type, values)].map(([name, option]) => [name, { ...option, id: `${type}.${name}` }] as const)))
    if (as === 'table') {
      // The options of the plugin with many options of their own have a section each.
      const inTable = heading === 'Other options' ? [...options.keys()].filter((name) => sectionOf(page, name) === null) : [...options.keys()]
      const table = tablesOf(part).find((one) => one.has(inTable[0]!)) ?? new Map<string, string>()
      t.strictSame([...table.keys()].sort(), inTable.sort(), 'the table has exactly the options')
      for (const [name, text] of table) {
        const { id = '', isOptional = false } = options.get(name) ?? {}
        t.ok(isOptional ? isStated(id, values[name], text) : text === 'required', `${id} is documented with "${text}", and its default is ${JSON.stringify(values[name])}`)
      }
      return
    }
    if (as === 'list') t.strictSame([...part.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort(), [...options.keys()].sort(), 'the list has exactly the options')
    else t.ok(shapesOf(part).includes([...options].map(([name, { isOptional }]) => `${name}${isOptional ? '?' : ''}`).sort().join(', ')), 'a shape has exactly the options')
    for (const [name, value] of Object.entries(values).filter(([, value]) => value !== null && typeof value !== 'object')) {
      const said = [part, section ?? ''].map((text) => defaultsIn(text, name)).find((found) => found.length > 0)
      t.strictSame([...new Set(said)], [String(value)], `the page says that ${name} defaults to ${String(value)}`)
    }
  })
}

t.test('the docstrings state the defaults that apply', (t) => {
  const all = new Map<string, Declared>([...types].flatMap(([type, options]) => [...options].map(([name, option]) => [`${type}.${name}`, option] as const)))
  for (const [type, options] of types) {
    if (otherwise.includes(type)) continue
    // The docstring of an option describes the options of an object that is declared in place.
    const parent = all.get(type)
    const values = Object.assign({}, ...places.filter(({ types }) => types.includes(type)).map(valuesOf)) as Values
    for (const [name, { isOptional, stated }] of options) {
      const id = `${type}.${name}`
      const value = values[name]
      if (!isOptional) t.equal(stated, null, `${id} is required and has no default`)
      else if (parent === undefined) t.ok(isStated(id, value, stated ?? ''), `${id} states "${stated}", and its default is ${JSON.stringify(value)}`)
      else if (value === false) t.equal(parent.stated, 'both false', `${type} states the defaults of its options`)
      else t.ok(defaultsIn(parent.description, name).join() === String(value), `${type} states the default of ${name}, ${String(value)}`)
    }
  }
  t.end()
})

t.test('the page documents each authentication method', (t) => {
  const [methods = new Map<string, string>()] = tablesOf(sectionOf('docs/options.md', 'auth')!)
  t.strictSame([...methods.keys()].filter((name) => !name.startsWith('any ')), [...types.get('AuthOptions')!.keys()])
  t.end()
})

t.test('all options and all defaults are compared with the documentation', (t) => {
  const compared = places.flatMap(({ types }) => types)
  t.strictSame([...types.keys()].filter((type) => !compared.includes(type) && !otherwise.includes(type)), [], 'types')
  t.strictSame(Object.keys(defaults).filter((section) => !places.some(({ defaults: sections = [] }) => sections.includes(section as Section))), [], 'sections of defaults')
  t.end()
})
