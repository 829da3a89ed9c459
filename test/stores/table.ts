/**
 * `npm run stores`: each adapter of adapters.ts over a real server, in a process of its own. Prints what was seen, as the table in
 * docs/cookies.md, and fails where it is not what expected.ts says.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { missing } from '../interop/programs.ts'
import { adapters } from './adapters.ts'
import { columns, expected } from './expected.ts'
import type { Column } from './expected.ts'
import { servers, versionOf } from './servers.ts'

const row = fileURLToPath(new URL('row.ts', import.meta.url))
const lines: string[] = []

/** What a row prints, by column. */
async function look (index: number): Promise<Map<string, string>> {
  const child = spawn(process.execPath, [...process.execArgv, row, String(index)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const seen = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const [column, outcome] = line.split('\t')
    if (outcome !== undefined) seen.set(column!, outcome)
  }
  return seen
}

for (const [index, { name, server }] of adapters.entries()) {
  const kind = server === null ? null : servers[server]
  const version = kind === null ? '' : versionOf(kind)
  const needs = kind !== null && version === null ? missing(`there is no ${kind.program}: ${kind.install}`) : { skip: false }
  await t.test(name, { ...needs, timeout: 600_000 }, async (t) => {
    const seen = await look(index)
    for (const column of columns) t.match(seen.get(column), expected(name, column), `${column}: ${seen.get(column)}`)
    const cell = (column: Column): string => seen.get(column) ?? ''
    lines.push(`| ${name}${version === '' ? '' : ` (${server} ${version})`} | ${columns.map(cell).join(' | ')} |`)
  })
}

t.comment([`| adapter | ${columns.join(' | ')} |`, ...lines].join('\n'))
