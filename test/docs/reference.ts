// Writes docs/reference.md: all exports, with their docstrings.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { cell, code, describe, Documented, textOf } from './declarations.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The sections of the page, and the files whose exports they have, by the beginnings of their paths. */
const sections: readonly (readonly [title: string, files: readonly string[]])[] = [
  ['Plugins', ['plugin/index.ts']],
  ['Options', ['plugin/options.ts', 'plugin/rawsocket-options.ts', 'plugin/longpoll-options.ts', 'plugin/custom-transport', 'plugin/codec/']],
  ['Sessions of the app', ['plugin/in-process/', 'plugin/peer/', 'plugin/router.ts', 'plugin/session/session-filter.ts']],
  ['Contracts, routes and procedures', ['plugin/contract/', 'routes/']],
  ['Logins', ['plugin/auth-options.ts', 'plugin/auth/', 'plugin/authorization/', 'plugin/transport/']],
  ['Cookies', ['plugin/cookie-options.ts', 'plugin/cookie/']],
  ['Diagnostics and telemetry', ['plugin/diagnostics.ts', 'plugin/telemetry/']],
  ['WAMP', ['plugin/protocol/']],
  ['Errors', ['plugin/errors.ts']],
  ['Crossbar.io', ['plugin/crossbar/']],
  ['fastify-wamp/client', ['plugin/client/']],
  ['fastify-wamp/testing', ['plugin/testing.ts']]
]
const afterPlugins = 'Fastify decorators'
const decorated = ['FastifyInstance', 'FastifyRequest', 'FastifyReply', 'FastifyContextConfig']

/** The page's text, and what is wrong with the sources: all that is exported has a docstring, and names only what is exported. */
export function buildReference (modules: readonly string[] = ['plugin/index.ts', 'plugin/client/index.ts', 'plugin/client/cbor.ts', 'plugin/client/msgpack.ts', 'plugin/testing.ts']): { text: string, faults: string[] } {
  const program = openProgram(modules)
  const documented = new Documented(program, root, modules)
  const parts = new Map<string, string[]>([...sections.slice(0, 1).map(([title]) => title), afterPlugins, ...sections.slice(1).map(([title]) => title)].map((title) => [title, []]))
  for (const symbol of documented.exported) {
    const file = relative(root, symbol.declaration.getSourceFile().fileName)
    const title = sections.find(([, files]) => files.some((start) => file.startsWith(start)))?.[0]
    const described = describe(symbol, documented)
    if (title === undefined) documented.faults.push(`${file} has no section in the reference`)
    else parts.get(title)!.push(described)
  }
  parts.get(afterPlugins)!.push(...decorated.map((name) => describeDecorators(name, program, documented)))
  parts.get('Errors')!.push(errorTable(program, documented))
  const titles = [...parts].filter(([, texts]) => texts.some((text) => text !== ''))
  const text = `# Reference

This page documents all exports of \`fastify-wamp\`. \`npm run reference\` generates it from the docstrings in the source. For a guide to
the options, see [options.md](options.md).

${titles.map(([title]) => `- [${title}](#${title.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(/\s/g, '-')})`).join('\n')}

${titles.map(([title, texts]) => `## ${title}\n\n${texts.filter((text) => text !== '').join('\n\n')}`).join('\n\n')}
`
  return { text, faults: documented.faults }
}

function openProgram (modules: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return ts.createProgram(modules.map((path) => `${root}${path}`), options)
}

/** What the package adds to an interface of Fastify. */
function describeDecorators (name: string, program: ts.Program, documented: Documented): string {
  const members = program.getSourceFiles().filter(({ fileName }) => !fileName.includes('/node_modules/')).flatMap(({ statements }) => statements)
    .filter((node) => ts.isModuleDeclaration(node)).flatMap(({ body }) => body !== undefined && ts.isModuleBlock(body) ? [...body.statements] : [])
    .filter((node) => ts.isInterfaceDeclaration(node) && node.name.text === name).flatMap((node) => [...(node as ts.InterfaceDeclaration).members])
    .filter(({ name }) => name !== undefined && ts.isIdentifier(name))
  if (members.length === 0) return ''
  const rows = members.flatMap((member) => [documented.row(name, member), ...documented.picked(name, member)])
  return `### ${code(name)}\n\n| name | type | description |\n|---|---|---|\n${rows.join('\n')}`
}

/** The errors of the host, with their codes. */
function errorTable (program: ts.Program, documented: Documented): string {
  const file = program.getSourceFile(`${root}plugin/errors.ts`)
  const rows: string[] = []
  file?.forEachChild((node) => {
    if (!ts.isVariableStatement(node) || node.declarationList.declarations[0]?.name.getText() !== 'errors') return
    node.forEachChild(function visit (child): void {
      if (!ts.isPropertyAssignment(child)) return child.forEachChild(visit)
      const [, message, status] = (child.initializer as ts.CallExpression).arguments
      rows.push(`| ${code(child.name.getText())} | ${cell(textOf(child, documented.checker))} | ${code((message as ts.StringLiteral).text)} | ${status?.getText()} |`)
    })
  })
  return rows.length === 0 ? '' : `### Codes\n\nErrors of the host have a \`code\`, and a \`statusCode\` if they can occur in a request.\n\n| code | description | message | status |\n|---|---|---|---|\n${rows.join('\n')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { text, faults } = buildReference()
  writeFileSync(`${root}docs/reference.md`, text)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
}
