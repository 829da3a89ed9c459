import { readFileSync } from 'node:fs'
import t from 'tap'
import { resolveOptions } from '../../plugin/resolve-options.ts'

const { endpoint, limits, failedLogins, ...plugin } = resolveOptions({ realms: { realm1: { roles: { anonymous: {} } } }, cookie: {}, auth: { anonymous: { type: 'static' }, cookie: {} } })
const { cookie, ...rest } = endpoint
/** The defaults by section of the page, and the interfaces that declare the options. */
const sections: Record<string, { defaults: object, file: string, declared: string[] }> = {
  cookie: { defaults: cookie!, file: 'plugin/cookie-options.ts', declared: ['CookieOptions'] },
  'Other options': { defaults: { ...plugin, ...rest }, file: 'plugin/options.ts', declared: ['EndpointOptions', 'FastifyWampOptions'] },
  limits: { defaults: limits, file: 'plugin/options.ts', declared: ['LimitOptions'] },
  failedLogins: { defaults: failedLogins, file: 'plugin/options.ts', declared: ['FailedLoginOptions'] }
}
/** Options that are described in words, or in a section of their own. */
const inWords = new Set(['store', 'secret', 'serializers', 'allowedHosts', 'realms', 'auth', 'cookie', 'static', 'client', 'limits', 'failedLogins'])

/** The defaults of the tables below a heading of the page, by option. */
function documented (heading: string): Map<string, string> {
  const [, text = ''] = new RegExp(`^## ${heading}\\n([^]*?)(?=^## |(?![^]))`, 'm').exec(readFileSync('docs/options.md', 'utf8')) ?? []
  const [table = ''] = /^\| option.*\n\|.*\n(?:\|.*\n?)*/m.exec(text) ?? []
  return new Map(table.split('\n').slice(2).filter((line) => line !== '').map((line) => {
    const [, name = '', , value = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('`', ''))
    return [name, value]
  }))
}

/** The text after `@default` of the members of an interface, by name. */
function annotated (file: string, name: string): Map<string, string> {
  const [, body = ''] = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([^]*?)^\\}`, 'm').exec(readFileSync(file, 'utf8')) ?? []
  return new Map([...body.matchAll(/@default ([^]*?)\s*\*\/\s*(\w+)\?:/g)].map(([, value = '', member = '']) => [member, value]))
}

for (const [heading, { defaults, file, declared }] of Object.entries(sections)) {
  t.test(`the section "${heading}" of the page on options, and the types, list the options with the defaults that apply`, (t) => {
    const onPage = documented(heading)
    const inTypes = new Map(declared.flatMap((name) => [...annotated(file, name)]))
    for (const [name, value] of Object.entries(defaults).filter(([name]) => !inWords.has(name))) {
      for (const [where, text] of [['the page', onPage.get(name)], ['the types', inTypes.get(name)]] as const) {
        const expected = Array.isArray(value) ? JSON.stringify(value) : String(value)
        t.match(text?.replaceAll("'", ''), new RegExp(`^${expected.replaceAll(/[[\]/]/g, '\\$&')}(?![\\w.])`), `${name}: ${where}`)
      }
    }
    t.same([...onPage.keys()].filter((name) => !(name in defaults)), [], 'no option that does not exist')
    t.end()
  })
}
